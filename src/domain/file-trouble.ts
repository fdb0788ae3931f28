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
  ENFILE: "too many files are open",
  ENXIO: "nobody is at its other end",
  EPIPE: "nobody reads it any more",
  EIO: "the disk or the terminal fails",
  EFBIG: "it is as large as a file of this user may be",
  ESTALE: "its file system is not there any more",
  EBADF: "it is not open any more",
};

/** What an error is known by; by shape, since errors of Node's own modules belong to another realm under jest. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return String(error.code);
}

/** Of a code; the code itself where there are no words for it. */
export function troubleWords(code: string): string {
  return FILE_TROUBLE[code] ?? code;
}

/** What the operating system has against a file; null where that is not what went wrong. */
export function fileTroubleIn(error: unknown, path?: string): string | null {
  const code = codeOf(error);
  if (typeof error !== "object" || error === null || code === null) return null;
  const why = FILE_TROUBLE[code];
  const where = path ?? ("path" in error ? String(error.path) : undefined);
  return why === undefined || where === undefined ? null : `${where} can't be used: ${why}.`;
}
