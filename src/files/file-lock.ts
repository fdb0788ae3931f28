// One at a time for a file, over all workers that have its folder before them: two calls of a turn may change the
// same file at once, in two processes. Node has no lock of the operating system, so a file beside it is one. Who
// dies with it in hand leaves it behind: whoever has watched it for a while without a change takes it away.

import { createHash, randomUUID } from "node:crypto";
import { lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { draftName } from "./draft-name.ts";
import { unless, type Folder } from "./folder.ts";

/** What is done with a lock in hand takes milliseconds. */
const DEAD_AFTER_MS = 10_000;
const PAUSE_MIN_MS = 4;
const PAUSE_MAX_MS = 100;

export interface Lock {
  /** False where somebody has taken it for one that was left behind. */
  isHeld(): Promise<boolean>;
}

export async function withLock<T>(
  folder: Folder,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  act: (lock: Lock) => Promise<T>,
): Promise<T> {
  const path = join(folder.path, lockName(name));
  const token = randomUUID();
  const isHeld = async (): Promise<boolean> =>
    (await readFile(path, "utf8").catch(unless("ENOENT"))) === token;
  await take(folder, { path, token, signal });
  try {
    return await act({ isHeld });
  } finally {
    if (await isHeld().catch(() => false)) await rm(path, { force: true });
  }
}

function lockName(name: string): string {
  return `.${createHash("sha256").update(name).digest("hex").slice(0, 16)}.lock`;
}

interface Taking {
  readonly path: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

async function take(folder: Folder, { path, token, signal }: Taking): Promise<void> {
  let seen = "";
  let seenAt = performance.now();
  for (let waitMs = PAUSE_MIN_MS; ; waitMs = Math.min(2 * waitMs, PAUSE_MAX_MS)) {
    signal.throwIfAborted();
    try {
      await writeFile(path, token, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      unless("EEXIST")(error);
    }
    const now = await identityOf(path);
    if (now !== seen) {
      seen = now;
      seenAt = performance.now();
    } else if (performance.now() - seenAt > DEAD_AFTER_MS && (await identityOf(path)) === seen) {
      await takeAway(folder, path);
      continue;
    }
    await pause(waitMs * (0.5 + Math.random()), undefined, { signal });
  }
}

/** Another file has another; "" where there is none. */
async function identityOf(path: string): Promise<string> {
  const stats = await lstat(path, { bigint: true }).catch(unless("ENOENT"));
  return stats === undefined ? "" : `${stats.ino}/${stats.ctimeNs}`;
}

/** Of those who want to, one succeeds. */
async function takeAway(folder: Folder, path: string): Promise<void> {
  const away = join(folder.path, draftName());
  await rename(path, away).catch(unless("ENOENT"));
  await rm(away, { force: true, recursive: true });
}
