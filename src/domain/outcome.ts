// How a run ends. Ends are values: a limit, a refusal or a cancel is never an exception.

import type { Compensation } from "./effect.ts";
import type { CountLimit } from "./limit-table.ts";

export const ACCOUNT_LIMITS = [
  "cost",
  "batch",
  "session",
  "tenant_day",
  "tenant_month",
  "global_day",
] as const;

/** A cap that is kept in the ledger: `cost` is the run's own, the others are shared between runs. */
export type AccountLimit = (typeof ACCOUNT_LIMITS)[number];

export type Limit = AccountLimit | CountLimit | "wall_clock" | "provider_spend";

export type Outcome =
  | { readonly kind: "answered" }
  | { readonly kind: "stopped"; readonly limit: Limit; readonly message: string }
  | { readonly kind: "refused"; readonly category?: string; readonly message: string }
  | { readonly kind: "cancelled"; readonly message: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export type RunStatus = "running" | "waiting" | "paused" | "ended";

/** What a run returns, and what `--json` prints last. Money leaves in USD, as people read it. */
export interface RunResult {
  readonly type: "result";
  readonly runId: string;
  readonly traceId: string;
  readonly outcome: Outcome;
  /** The text, or what there is of it (`partial`), or null where the model never spoke. */
  readonly answer: string | null;
  readonly partial: boolean;
  readonly usage: UsageSummary;
  /** Everything charged to the run, crash tax included. */
  readonly costUsd: number;
  /** The part of `costUsd` that paid for attempts whose reply was lost. */
  readonly crashTaxUsd: number;
  /** Replies received. */
  readonly modelCalls: number;
  /** Requests sent. */
  readonly modelAttempts: number;
  /** Client tools executed. */
  readonly toolCalls: number;
  /** Asked for, and not executed: each was told why not. Absent where there are none. */
  readonly toolCallsRefused?: number;
  readonly serverToolCalls: number;
  readonly turns: number;
  readonly durationMs: number;
  /** Replies by model id. */
  readonly models: Readonly<Record<string, number>>;
  /** True where the offline model answered: replies and costs are simulated. */
  readonly offline: boolean;
  /** Set where all replies came from models that cost nothing: `costUsd` is 0, and tokens are counted. */
  readonly free?: true;
  /** Of a run that failed, was cancelled or was undone later: what its tools did, and whether that stands. */
  /** Rules of input that its task or a message met, and that only flag. */
  readonly flagged?: readonly string[];
  readonly compensations?: readonly Compensation[];
  /** Older effects that are not remembered, and stand. */
  readonly effectsForgotten?: number;
}

/** The ledger's word on what the run cost; the run's own count can miss attempts that died last. */
export interface LedgerTotals {
  readonly spentMicroUsd: number;
  readonly crashTaxMicroUsd: number;
  readonly modelAttempts: number;
}

export interface UsageSummary {
  /** Cached tokens are counted here too; the two cache fields are parts of it. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly totalTokens: number;
  /** Some of it is not counted by the provider, but taken as the most that it can have been. */
  readonly estimated?: true;
}
