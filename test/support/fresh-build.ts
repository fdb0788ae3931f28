// `dist` as the sources are now: tests start processes from it, and an edited workflow must never be tested
// as it was.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { releaseLock, takeLock } from "../../src/dev/process-lock.ts";
import { packageFile } from "../../src/package-root.ts";
import { until } from "./processes.ts";

const run = promisify(execFile);
let isFresh: Promise<void> | undefined;

/** Builds once a process, and only where that is due. */
export function freshBuild(): Promise<void> {
  isFresh ??= build();
  return isFresh;
}

const LOCK = packageFile("node_modules/.pawl-build.lock");
const BUILD_MAX_MS = 300_000;

/** Suites run beside one another: one builds, and the others wait for it. */
async function build(): Promise<void> {
  await until("no other suite builds", () => takeLock(LOCK), BUILD_MAX_MS);
  try {
    const { stderr } = await run(process.execPath, [packageFile("src/dev/build-if-stale.mjs")]);
    process.stderr.write(stderr);
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm run build failed:\n${stdout}${stderr}`, { cause: error });
  } finally {
    releaseLock(LOCK);
  }
}
