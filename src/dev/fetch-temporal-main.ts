// Gets the Temporal CLI where there is none. `--ahead` is how `npm ci` calls it: in the background, while
// the rest is built and before anybody needs it, since it may take minutes. The first command then
// shows how far it is (find-temporal.ts). What goes wrong here that command tells: an install never fails by it.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "./cache-dir.ts";
import { findTemporal, installedTemporal } from "./find-temporal.ts";

const { env } = process;

if (process.argv.includes("--ahead")) {
  await ahead().catch(() => undefined);
} else {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const { path, version } = await findTemporal(env, say);
  say(`${version}: ${path}`);
}

/** Not where a pipeline installs, nor for a server that is there already. */
async function ahead(): Promise<void> {
  if (env["CI"] || env["TEMPORAL_ADDRESS"]) return;
  if ((await installedTemporal(env)) !== undefined) return;
  const cache = cacheDir(env);
  mkdirSync(cache, { recursive: true });
  const log = join(cache, "temporal.log");
  const output = openSync(log, "w", 0o600);
  const stdio = ["ignore", output, output] as const;
  spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    detached: true,
    stdio: [...stdio],
    cwd: cache,
  }).unref();
  closeSync(output);
  process.stdout.write(
    `Getting the Temporal dev server in the background: seconds, or minutes where Go builds it (${log}).\n`,
  );
}
