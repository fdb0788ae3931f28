// The embedded Postgres of the local stack, as the stack runs it, on a folder of its own for a test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { localPostgresUrl } from "../../src/dev/postgres-url.ts";
import type { DatabaseServer } from "./postgres.ts";
import { startProcess } from "./processes.ts";

const MAIN = packageFile("dist/src/dev/postgres-main.js");

export async function startPglite(more: readonly string[] = []): Promise<DatabaseServer> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-pglite-"));
  const args = [MAIN, "--data-dir", join(dir, "data"), "--socket-folder", dir, ...more];
  const server = startProcess(process.execPath, args);
  await server.line("postgres_ready", 120_000);
  return {
    url: localPostgresUrl(dir),
    pid: server.pid,
    stop: async () => {
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
