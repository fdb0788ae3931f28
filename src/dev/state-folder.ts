// The folder in which a local stack keeps all of itself: databases, logs, locks, the local token.
//
// K5. A state folder is its owner's alone. One that belongs to somebody else, or is a link, is refused, and so
//     is one that holds a link or another's file; one that was open to others is closed before it is used.
//     Whoever prepared it could have us end their choice of processes, write to their choice of files, and
//     read what a run said.

import { chmodSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { PawlError } from "../domain/errors.ts";
import { makeFolder } from "../process/make-folder.ts";
import { isOwn } from "./private-file.ts";

const OPEN_TO_OTHERS = 0o077;
const OWNERS_ALONE = 0o700;

/** Makes the folder, or mends its mode. Throws PawlError CONFIG where it can't be trusted. */
export function openStateFolder(dir: string): void {
  makeFolder(dir, OWNERS_ALONE);
  trustStateFolder(dir);
}

/** For who only looks, or ends what is there. False where there is none. */
export function trustStateFolder(dir: string): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  if (found === undefined) return false;
  closeFolder(dir, found);
  for (const name of readdirSync(dir)) checkEntry(join(dir, name));
  return true;
}

/** A folder that is ours and closed from here on; what it holds is not looked at. */
export function closeFolder(dir: string, found: Stats = lstatSync(dir)): void {
  if (found.isSymbolicLink()) throw untrusted(dir, "is a link");
  if (!found.isDirectory()) throw untrusted(dir, "is no folder");
  if (!isOwn(found)) throw untrusted(dir, `belongs to another user (uid ${found.uid})`);
  if (process.platform === "win32" || (found.mode & OPEN_TO_OTHERS) === 0) return;
  chmodSync(dir, OWNERS_ALONE);
  if ((lstatSync(dir).mode & OPEN_TO_OTHERS) !== 0) {
    throw untrusted(dir, "is open to other users, and its file system can't close it");
  }
}

function checkEntry(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  const why = found.isSymbolicLink()
    ? "is a link to somewhere else"
    : isOwn(found)
      ? null
      : `belongs to another user (uid ${found.uid})`;
  if (why === null) return;
  throw new PawlError(
    "CONFIG",
    `${path} ${why}, so the state folder can't be trusted. Remove it, or set PAWL_STATE_DIR to another folder.`,
  );
}

function untrusted(dir: string, why: string): PawlError {
  return new PawlError(
    "CONFIG",
    `The state folder ${dir} ${why}, so nothing in it can be trusted. Set PAWL_STATE_DIR to a folder of your own.`,
  );
}
