// How a process that can't go on says why, once, and how whoever started it reads it: one sentence with its code.

import { complaintOf, type Complaint } from "./complaint.ts";
import { CATALOGUE, isErrorCode, type ErrorCode } from "./errors.ts";

export interface LastWords {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What is no error of the catalogue comes from the servers that such a process lives on. */
export function lastWordsOf(error: unknown): Complaint & LastWords {
  const complaint = complaintOf(error);
  const { code } = complaint;
  if (code !== "INTERNAL" && isErrorCode(code)) return { ...complaint, code };
  const { next, exitCode } = CATALOGUE.BACKEND_UNREACHABLE;
  const message = error instanceof Error ? error.message : String(error);
  return { code: "BACKEND_UNREACHABLE", message, next, exitCode };
}

/** As a line for people. */
export function lastLineOf({
  code,
  message,
  next,
}: Pick<Complaint, "code" | "message" | "next">): string {
  return `${message} (${code}: ${next})`;
}

/** Lines of the log, and what Node says of itself. */
const NOISE = /^(\{|\(node:\d+\)|\(Use `node )/;

/** The newest in what a process has printed; null where it said none. */
export function lastWordsIn(printed: string): LastWords | null {
  const spoken = printed.split("\n").filter((line) => !NOISE.test(line));
  const found = /^(.*) \(([A-Z_]+): [^\n]*\)\s*$/s.exec(spoken.join("\n"));
  const [, message = "", code = ""] = found ?? [];
  return isErrorCode(code) ? { code, message: message.trim() } : null;
}
