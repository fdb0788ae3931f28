// The secret by which the local stack knows its owner: `pawl_local_…` in a file that nobody else can read.
// Whoever is to be let in is given it by its owner: a page in the fragment of its address, a program in its
// Authorization header. To make a new one, delete the file and run `pawl stop`.

import { randomBytes } from "node:crypto";
import { lstatSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOwn, readOwnFile } from "./private-file.ts";

const TOKEN = /^pawl_local_[A-Za-z0-9_-]{43}$/;

export function localTokenFile(stateDir: string): string {
  return join(stateDir, "local.token");
}

/** Null where there is none that its owner alone could have read. */
export function readLocalToken(stateDir: string): string | null {
  const path = localTokenFile(stateDir);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || !isOwn(found)) return null;
  // What others could read, or what a checkout or an archive put here, is no secret any more.
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) return null;
  const token = readOwnFile(path).trim();
  return TOKEN.test(token) ? token : null;
}

/** The token of this folder; a new one where there is none, or none that can be trusted. */
export function ensureLocalToken(stateDir: string): string {
  const before = readLocalToken(stateDir);
  if (before !== null) return before;
  const path = localTokenFile(stateDir);
  const token = `pawl_local_${randomBytes(32).toString("base64url")}`;
  rmSync(path, { force: true });
  writeFileSync(path, `${token}\n`, { mode: 0o600, flag: "wx" });
  return token;
}
