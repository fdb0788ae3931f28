// What is handed over when a run closes its books, and kept of it for good.

import type { Outcome, RunResult } from "../outcome.ts";

export interface CloseRunInput {
  readonly tenant: string;
  readonly session: string;
  readonly agent: string;
  readonly traceId: string;
  readonly outcome: Outcome;
  readonly turns: number;
  readonly toolCalls: number;
  readonly durationMs: number;
  readonly record: RecordDraft;
}

/** What is kept of the run for good; what it cost is added from the ledger. */
export interface RecordDraft {
  readonly task: string;
  readonly taskDigest: string | null;
  readonly model: string | null;
  readonly offline: boolean;
  readonly capMicroUsd: number | null;
  readonly startedAtMs: number;
  readonly result: RunResult;
}
