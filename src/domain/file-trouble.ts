// What the operating system has against a file, in words.

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
  ENXIO: "nobody is at its other end",
};

/** In words, without the name of the file; null where that is not what went wrong. */
export function fileTroubleOf(error: unknown): string | null {
  // By shape: errors of Node's own modules belong to another realm under jest.
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return FILE_TROUBLE[String(error.code)] ?? null;
}

/** As a sentence about a file, which else the error names; null where that is not what went wrong. */
export function fileTroubleIn(error: unknown, path?: string): string | null {
  const why = fileTroubleOf(error);
  if (why === null || typeof error !== "object" || error === null) return null;
  const where = path ?? ("path" in error ? String(error.path) : undefined);
  return where === undefined ? null : `${where} can't be used: ${why}.`;
}
