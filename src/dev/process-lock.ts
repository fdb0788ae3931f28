// A lock held by a process for as long as it lives: a file that names the holder. A holder that is
// gone (kill -9, reboot) holds nothing.

import { linkSync, renameSync, rmSync } from "node:fs";
import { z } from "zod";
import { readJsonFile, writeJsonFile } from "./json-file.ts";
import { isAlive, markOf, type ProcessMark } from "./process-mark.ts";

const MARK = z.object({ pid: z.number(), startMark: z.string() });

/** The live holder of the lock, if any. */
export function lockHolder(path: string): ProcessMark | undefined {
  const holder = readJsonFile(path, MARK);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

export function holdsLock(path: string): boolean {
  return lockHolder(path)?.pid === process.pid;
}

/** True if this process holds the lock now. Release it with `releaseLock`. */
export function takeLock(path: string): boolean {
  if (lockHolder(path) !== undefined) return holdsLock(path);
  const claim = `${path}.${process.pid}`;
  writeJsonFile(claim, markOf(process.pid));
  try {
    removeDeadLock(path, `${claim}.dead`);
    // A link is made by one claimant only, and the file is complete from its first moment.
    linkSync(claim, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(claim, { force: true });
  }
}

export function releaseLock(path: string): void {
  if (holdsLock(path)) rmSync(path, { force: true });
}

/** Moves the dead lock aside; if it was a live one that came in between, puts it back. */
function removeDeadLock(path: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  try {
    if (lockHolder(aside) !== undefined) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}
