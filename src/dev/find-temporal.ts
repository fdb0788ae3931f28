// Finds a Temporal CLI to run the dev server with, or gets one: on PATH, in the user's cache, by
// download, by building it with Go. What is got lands in the cache, so this is slow at most once.

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PawlError } from "../domain/errors.ts";
import { cacheDir } from "./cache-dir.ts";
import { releaseLock, takeLock } from "./process-lock.ts";
import { buildTemporal } from "./build-temporal.ts";
import { downloadTemporal } from "./download-temporal.ts";
import type { OnProgress } from "./on-progress.ts";
import { runCommand } from "./run-command.ts";
import { sharedProgress } from "./shared-progress.ts";

export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
  readonly source: "path" | "cache" | "download" | "go";
}

const EXECUTABLE = process.platform === "win32" ? "temporal.exe" : "temporal";

/** Throws PawlError BACKEND_UNREACHABLE that says what to install. `spareDir`: see cache-dir.ts. */
export async function findTemporal(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  spareDir?: string,
): Promise<TemporalBinary> {
  const cache = cacheDir(env, spareDir);
  return (await installedTemporal(env, spareDir)) ?? (await getTemporal(cache, env, onProgress));
}

/** Only looks; gets nothing. */
export async function installedTemporal(
  env: NodeJS.ProcessEnv,
  spareDir?: string,
): Promise<TemporalBinary | undefined> {
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((item) => item !== "")) {
    const found = await check(join(folder, EXECUTABLE), "path");
    if (found !== undefined) return found;
  }
  return await check(join(cacheDir(env, spareDir), "bin", EXECUTABLE), "cache");
}

/** One process gets it; others that want it at the same time wait for that one. */
async function getTemporal(
  cache: string,
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
): Promise<TemporalBinary> {
  const lock = join(cache, "temporal.lock");
  const progress = sharedProgress(join(cache, "temporal.progress"), onProgress);
  await mkdir(join(cache, "bin"), { recursive: true });
  if (!takeLock(lock)) onProgress("Another process is getting Temporal already …");
  while (!takeLock(lock)) {
    progress.follow();
    await pause(500);
  }
  try {
    const target = join(cache, "bin", EXECUTABLE);
    return (await check(target, "cache")) ?? (await obtain({ cache, target }, env, progress.tell));
  } finally {
    progress.end();
    releaseLock(lock);
  }
}

/** Works in a folder of its own and renames at the end: an interruption leaves nothing broken. */
async function obtain(
  { cache, target }: { readonly cache: string; readonly target: string },
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
): Promise<TemporalBinary> {
  const workDir = await mkdtemp(join(cache, "get-"));
  const ways = [
    { source: "download", get: () => downloadTemporal(workDir, onProgress) },
    { source: "go", get: () => buildTemporal(workDir, env, onProgress) },
  ] as const;
  const failures: string[] = [];
  try {
    for (const { source, get } of ways) {
      const found = await get()
        .then((binary) => rename(binary, target))
        .then(() => check(target, source))
        .catch((error: unknown) => {
          failures.push(`${source}: ${error instanceof Error ? error.message : String(error)}`);
        });
      if (found !== undefined) return found;
    }
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  throw new PawlError("BACKEND_UNREACHABLE", howToInstall(failures));
}

async function check(
  path: string,
  source: TemporalBinary["source"],
): Promise<TemporalBinary | undefined> {
  try {
    const said = await runCommand(path, ["--version"], { timeoutMs: 10_000 });
    return { path, version: said.trim(), source };
  } catch {
    return undefined;
  }
}

function howToInstall(failures: readonly string[]): string {
  return [
    "There is no Temporal CLI on this machine, and it could not be fetched.",
    ...failures.map((failure) => `  ${failure}`),
    "Do one of these, then try again:",
    "  install it: brew install temporal, or see https://docs.temporal.io/cli#install",
    "  install Go 1.25 or newer, and Pawl builds it (some minutes, once)",
    "  point TEMPORAL_ADDRESS at a Temporal server that runs already",
  ].join("\n");
}
