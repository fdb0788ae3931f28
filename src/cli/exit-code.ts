// What a shell learns of a run. Part of the contract: scripts depend on these numbers.

import { environmentFault } from "../domain/environment-fault.ts";
import { CATALOGUE } from "../domain/errors.ts";
import type { Outcome } from "../domain/outcome.ts";

const OF_OUTCOME = { answered: 0, failed: 1, stopped: 3, refused: 4, cancelled: 5 } as const;

export const USAGE_EXIT = 2;

export function exitCodeOf(outcome: Outcome): number {
  return OF_OUTCOME[outcome.kind];
}

export interface Complaint {
  readonly code: string;
  readonly message: string;
  /** What to do next. */
  readonly next: string;
  readonly exitCode: number;
}

export function complaintOf(error: unknown): Complaint {
  const known = environmentFault(error);
  if (known !== null) {
    const { next, exitCode } = CATALOGUE[known.code];
    // Nothing was started: the command itself could not be done as it was given.
    const usage = exitCode === 1 ? USAGE_EXIT : exitCode;
    return { code: known.code, message: known.message, next, exitCode: usage };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const next = "this is a defect of Pawl; please report it with the lines above";
  return { code: "INTERNAL", message, next, exitCode: 1 };
}

/** "What happened. What to do next." */
export function sentenceOf({ message, next }: Complaint): string {
  const happened = /[.!?]$/.test(message) ? message : `${message}.`;
  return `${happened} ${next.charAt(0).toUpperCase()}${next.slice(1)}.`;
}
