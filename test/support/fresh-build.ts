// `dist` as the sources are now: tests start processes from it, and an edited workflow must never be tested
// as it was.

import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFile } from "../../src/package-root.ts";
import { releaseLock, takeLock } from "../../src/dev/process-lock.ts";
import { BUNDLE_FILE } from "../../src/worker/bundle-file.ts";
import { until } from "./processes.ts";

const SOURCES = [
  ...["src", "workflows", "activities", "offline-model"],
  ...["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"],
];

const run = promisify(execFile);
let isFresh: Promise<void> | undefined;

/** Builds once a process, and only where a source is newer than the last thing that a build writes. */
export function freshBuild(): Promise<void> {
  isFresh ??= build();
  return isFresh;
}

const LOCK = packageFile("node_modules/.pawl-build.lock");
const BUILD_MAX_MS = 300_000;

const isStale = (): boolean => newest(SOURCES.map(packageFile)) > changedAt(BUNDLE_FILE);

/** Suites run beside one another: one builds, and the others wait for it. */
async function build(): Promise<void> {
  if (!isStale()) return;
  await until("no other suite builds", () => takeLock(LOCK), BUILD_MAX_MS);
  try {
    if (isStale()) await buildNow();
  } finally {
    releaseLock(LOCK);
  }
}

async function buildNow(): Promise<void> {
  process.stderr.write("dist is older than the sources: npm run build …\n");
  try {
    await run("npm", ["run", "build"], { cwd: packageFile("") });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm run build failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Folders count: one changes when a file in it goes away. */
function newest(paths: readonly string[]): number {
  return paths.reduce((latest, path) => Math.max(latest, changedAt(path), newest(inside(path))), 0);
}

function inside(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [];
  return readdirSync(path).map((name) => join(path, name));
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
