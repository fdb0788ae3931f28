// An error as people read it: what happened, what to do next, and the exit code of a process that ends with
// it. No stack: whoever wants one sets NODE_DEBUG=pawl.

import { CATALOGUE, isPawlError } from "./errors.ts";

export interface Complaint {
  readonly code: string;
  readonly message: string;
  /** What to do next. */
  readonly next: string;
  readonly exitCode: number;
}

export const USAGE_EXIT = 2;
const DEFECT_EXIT = 1;

export function complaintOf(error: unknown): Complaint {
  if (isPawlError(error)) {
    const { next, exitCode } = CATALOGUE[error.code];
    // Nothing was started: the command itself could not be done as it was given.
    const usage = exitCode === 1 ? USAGE_EXIT : exitCode;
    return { code: error.code, message: error.message, next: error.next ?? next, exitCode: usage };
  }
  const file = fileTroubleIn(error);
  if (file !== null) {
    const { next, exitCode } = CATALOGUE.FILE_UNUSABLE;
    return { code: "FILE_UNUSABLE", message: file, next, exitCode };
  }
  const [happened = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return {
    code: "INTERNAL",
    message: `Something went wrong that Pawl did not expect: ${happened}`,
    next: "this is a defect of Pawl; please report it with what the command prints under NODE_DEBUG=pawl",
    exitCode: DEFECT_EXIT,
  };
}

/** "What happened. What to do next." */
export function sentenceOf({ message, next }: Pick<Complaint, "message" | "next">): string {
  const happened = /[.!?]$/.test(message) ? message : `${message}.`;
  return `${happened} ${next.charAt(0).toUpperCase()}${next.slice(1)}.`;
}

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

/** What the operating system has against a file; null where that is not what went wrong. */
export function fileTroubleIn(error: unknown, path?: string): string | null {
  // By shape: errors of Node's own modules belong to another realm under jest.
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  const why = FILE_TROUBLE[String(error.code)];
  const where = path ?? ("path" in error ? String(error.path) : undefined);
  return why === undefined || where === undefined ? null : `${where} can't be used: ${why}.`;
}
