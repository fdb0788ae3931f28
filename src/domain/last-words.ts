// How a process that can't go on says why, once, and how whoever started it reads it: one sentence with its code,
// and the exit code that goes with it.

import { environmentFault } from "./environment-fault.ts";
import { CATALOGUE, isErrorCode, type ErrorCode } from "./errors.ts";

export interface LastWords {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Of what is not ours the message has to do: most of it comes from the servers that are talked to. */
export function lastWordsOf(error: unknown): LastWords {
  const known = environmentFault(error);
  if (known !== null) return { code: known.code, message: known.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "BACKEND_UNREACHABLE", message };
}

/** As a line for people. */
export function lastLineOf({ code, message }: LastWords): string {
  return `${message} (${code}: ${CATALOGUE[code].next})`;
}

export function exitCodeOfWords({ code }: LastWords): number {
  return CATALOGUE[code].exitCode;
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
