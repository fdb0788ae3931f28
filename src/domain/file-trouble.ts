// What the operating system has against a file, in words.

import { codeOf } from "./error-code.ts";

const FILE_TROUBLE: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EEXIST: "something else is in its place",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ELOOP: "its links go round in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system can only be read",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENXIO: "nobody is at its other end",
  EPIPE: "nobody reads it any more",
  EIO: "the disk or the terminal fails",
  EFBIG: "it is as large as a file of this user may be",
  ESTALE: "its file system is not there any more",
  EBADF: "it is not open any more",
};

/** Of a code; the code itself where there are no words for it. */
export function troubleWords(code: string): string {
  return FILE_TROUBLE[code] ?? code;
}

/** In words, without the name of the file; null where that is not what went wrong. */
export function fileTroubleOf(error: unknown): string | null {
  return FILE_TROUBLE[codeOf(error) ?? ""] ?? null;
}

/** As a sentence about a file, which else the error names; null where that is not what went wrong. */
export function fileTroubleIn(error: unknown, path?: string): string | null {
  const why = fileTroubleOf(error);
  if (why === null || typeof error !== "object" || error === null) return null;
  const where = path ?? ("path" in error ? String(error.path) : undefined);
  return where === undefined ? null : `${where} can't be used: ${why}.`;
}
