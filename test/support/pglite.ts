// A PGlite of its own for a test, in memory, behind the socket that the local stack uses. It runs in a
// process of its own, as it does there (and jest can't load its WebAssembly module).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { packageFile } from "../../src/package-root.ts";
import type { DatabaseServer } from "./postgres.ts";

const SERVER = packageFile("node_modules/@electric-sql/pglite-socket/dist/scripts/server.js");

export async function startPglite(): Promise<DatabaseServer> {
  const child = spawn(process.execPath, [SERVER, "--port=0", "--max-connections=100"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const listening = /listening on .*"port":(\d+)/.exec(line);
      if (listening?.[1] !== undefined) resolve(listening[1]);
    });
    child.once("exit", (code) => reject(new Error(`pglite-server ended with ${code}`)));
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL"); // in memory: there is nothing to save
      await ended;
    },
  };
}
