import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgress, isNewEnough } from "../../../src/dev/build-temporal.ts";
import { downloadTemporal } from "../../../src/dev/download-temporal.ts";
import { findTemporal, installedTemporal } from "../../../src/dev/find-temporal.ts";
import { markOf } from "../../../src/dev/process-mark.ts";
import { freePort, startProcess, until } from "../../support/processes.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-temporal-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const quiet = (): void => undefined;

function fakeCli(folder: string, script: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "temporal");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("a temporal on PATH is preferred to the one in the cache", async () => {
  const onPath = fakeCli(join(dir, "bin"), "echo temporal version 1.6.0");
  fakeCli(join(dir, "cache", "pawl", "bin"), "echo temporal version 1.5.1");
  const env = { PATH: join(dir, "bin"), XDG_CACHE_HOME: join(dir, "cache") };
  expect(await findTemporal(env, quiet)).toEqual({
    path: onPath,
    version: "temporal version 1.6.0",
    source: "path",
  });
});

test("a binary that does not run is passed over for the next one", async () => {
  fakeCli(join(dir, "bin"), "exit 1");
  const cached = fakeCli(join(dir, "cache", "pawl", "bin"), "echo temporal version 1.5.1");
  const env = { PATH: join(dir, "bin"), XDG_CACHE_HOME: join(dir, "cache") };
  expect(await installedTemporal(env)).toMatchObject({ path: cached, source: "cache" });
});

test("Go is used from version 1.25 on", () => {
  expect(["1.24.9", "1.25", "1.26.8", "2.0"].map(isNewEnough)).toEqual([false, true, true, true]);
});

test("a download asks for this platform and unpacks the one file", async () => {
  fakeCli(dir, "echo temporal version 9.9.9");
  execFileSync("tar", ["-czf", join(dir, "a.tar.gz"), "-C", dir, "temporal"]);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url?.startsWith("/cli/default")) {
      const archiveUrl = `http://${request.headers.host}/a.tar.gz`;
      response.end(JSON.stringify({ archiveUrl, fileToExtract: "temporal" }));
    } else response.end(readFileSync(join(dir, "a.tar.gz")));
  });
  const port = await listen(server);
  const workDir = mkdtempSync(join(dir, "get-"));
  try {
    const path = await downloadTemporal(workDir, quiet, `http://127.0.0.1:${port}`);
    expect(execFileSync(path, { encoding: "utf8" })).toBe("temporal version 9.9.9\n");
    expect(asked[0]).toMatch(/arch=(amd64|arm64)&platform=(linux|darwin)&format=tar.gz/);
  } finally {
    server.close();
  }
});

test("a download without a network says so", async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  await expect(downloadTemporal(dir, quiet, nobody)).rejects.toThrow(/can't be reached/);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

test("the progress of a build says how far it is, since when, and about how long it still takes", () => {
  const at = (compiled: number): string => buildProgress({ downloaded: 40, compiled }, 60);
  expect(at(0)).toBe("Building Temporal: downloaded 40 modules in 60 s …");
  expect(at(20)).toBe("Building Temporal: 20 of 1297 packages in 60 s …");
  expect(at(649)).toBe("Building Temporal: 649 of 1297 packages in 60 s, about 60 s to go …");
  expect(at(1297)).toContain("now it is linked");
});

test("who waits for another process that gets Temporal shows the progress of that one", async () => {
  const cache = join(dir, "cache", "pawl");
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, "temporal.lock");
  const holder = startProcess("sleep", ["60"]);
  writeFileSync(lock, JSON.stringify(markOf(holder.pid)));
  writeFileSync(join(cache, "temporal.progress"), "half of it is there");
  const shown: string[] = [];
  const found = findTemporal({ PATH: "", XDG_CACHE_HOME: join(dir, "cache") }, (line) =>
    shown.push(line),
  );
  try {
    await until("its line is shown", () => shown.includes("half of it is there"));
    const got = fakeCli(join(cache, "bin"), "echo temporal version 1.5.1");
    await holder.kill();
    expect(await found).toMatchObject({ path: got, source: "cache" });
    expect(existsSync(join(cache, "temporal.progress"))).toBe(false);
  } finally {
    await holder.kill();
  }
});
