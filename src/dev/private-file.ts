// Files of a state folder are opened as what they are meant to be: plain files of our own. A name that
// somebody else has put there (a link to a file of ours elsewhere, a pipe, a second name of another file)
// is refused, not followed.

import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { PawlError } from "../domain/errors.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** A pipe must not hold us. */
const AS_IT_IS = O_NOFOLLOW | O_NONBLOCK;

/** Undefined where the system knows no owners. */
export function ownUid(): number | undefined {
  return process.getuid?.();
}

export function isOwn({ uid }: Pick<Stats, "uid">): boolean {
  const own = ownUid();
  return own === undefined || uid === own;
}

/** Throws PawlError CONFIG where the name is not a file of ours alone. The caller closes it. */
export function openForAppending(path: string): number {
  const fd = openOwn(path, O_WRONLY | O_APPEND | O_CREAT);
  // A second name of a file elsewhere would have us write there.
  if (fstatSync(fd).nlink > 1) throw refused(path, "has a second name elsewhere", fd);
  return fd;
}

/** Throws where there is none, or PawlError CONFIG where it is not a file of ours. */
export function readOwnFile(path: string): string {
  const fd = openOwn(path, O_RDONLY);
  try {
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

function openOwn(path: string, flags: number): number {
  let fd: number;
  try {
    fd = openSync(path, flags | AS_IT_IS, 0o600);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ELOOP" || code === "EMLINK") throw refused(path, "is a link to somewhere else");
    if (code === "ENXIO") throw refused(path, "is a pipe");
    throw error;
  }
  const found = fstatSync(fd);
  if (!found.isFile()) throw refused(path, "is no plain file", fd);
  if (!isOwn(found)) throw refused(path, `belongs to another user (uid ${found.uid})`, fd);
  return fd;
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function refused(path: string, why: string, fd?: number): PawlError {
  if (fd !== undefined) closeSync(fd);
  return new PawlError("CONFIG", `${path} ${why}, so it is left alone. Remove it.`);
}
