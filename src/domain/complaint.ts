// An error as people read it: what happened, what to do next, and the exit code of a process that ends with
// it. No stack: whoever wants one sets NODE_DEBUG=pawl.

import { environmentFault } from "./environment-fault.ts";
import { CATALOGUE } from "./errors.ts";
import { asSentence, ended } from "./sentence.ts";

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
  const known = environmentFault(error);
  if (known !== null) {
    const { next, exitCode } = CATALOGUE[known.code];
    // Nothing was started: the command itself could not be done as it was given.
    const usage = exitCode === 1 ? USAGE_EXIT : exitCode;
    return { code: known.code, message: known.message, next: known.next ?? next, exitCode: usage };
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
  return `${ended(message)} ${asSentence(next)}`;
}
