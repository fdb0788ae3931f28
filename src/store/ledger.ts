// The ledger of all spending: two-phase, in integer micro-USD. An attempt at a model call first holds its worst
// case in every account it counts against, and later settles it with the real cost (or is charged in
// full where its reply was lost). The rules L1–L5 (sql/tables/01-money.sql) are kept by the functions in
// sql/functions; each operation here is one call of one of them: one round trip, one transaction.

import type { AccountLimit } from "../domain/outcome.ts";
import type { WorstCase } from "../domain/pricing.ts";
import type { Usage } from "../domain/usage.ts";
import type { Database } from "./database.ts";
import type { Link, StoredMessage, Transcripts } from "./transcripts.ts";

/** A cap that a call counts against, as the operator has set it in the worker's environment. */
export interface Account {
  readonly key: string;
  readonly limit: AccountLimit;
  /** Holds where none of the budgets is set; null: what is spent is counted, and nothing is denied. */
  readonly capMicroUsd: number | null;
  /** Budgets that can set the cap instead, the nearest first. */
  readonly budgets?: readonly string[];
  /** ISO 8601; null where the cap never starts anew. */
  readonly resetsAt: string | null;
}

export interface AttemptRequest {
  /** New for each attempt, and never used again: not by a reset run, not by another execution. */
  readonly holdId: string;
  /** The same for all attempts at one call: the key of the reply journal. */
  readonly callKey: string;
  readonly runId: string;
  readonly tenant: string;
  readonly session?: string;
  readonly agent?: string;
  /** The day that the accounts are of, `YYYY-MM-DD`; that of the database where nothing is said. */
  readonly day?: string;
  readonly turn: number;
  /** Grows with each attempt at the same call. */
  readonly attempt: number;
  readonly model: string;
  readonly accounts: readonly Account[];
  readonly worst: WorstCase;
  /** With room for less than this, the call is not worth making. */
  readonly replyTokensMin: number;
  readonly replyTokensMax: number;
  /** When the sweeper may take the attempt for dead, by the clock of the database. */
  readonly deadAfterMs: number;
  /** While it lives nobody takes the attempt for dead (leases.ts); null: it may be from the beginning. */
  readonly leaseId: string | null;
}

/** Which attempt at which call of a run asks. */
export type AttemptId = Pick<
  AttemptRequest,
  "holdId" | "callKey" | "runId" | "attempt" | "leaseId"
>;

interface SoFar {
  /** Charged so far for lost attempts at this call. */
  readonly crashTaxMicroUsd: number;
  /** Requests sent for this call, one that was just held included. */
  readonly attempts: number;
}

export interface Journaled extends SoFar {
  readonly kind: "journaled";
  /** Byte for byte as it was journaled. */
  readonly reply: string;
}

export interface Held extends SoFar {
  readonly kind: "held";
  /** What every account can pay, between the two bounds of the request. */
  readonly replyTokens: number;
  readonly heldMicroUsd: number;
}

/** By an earlier attempt, whose hold is still open: it is in one of the provider's batches, or may be. */
export interface Submitted {
  readonly kind: "submitted";
  readonly attempt: number;
  readonly providerBatchId: string | null;
  readonly intendedAt: string;
}

/** An earlier attempt at this very call holds its money, and its worker lives: its reply may be on its way. */
export interface Alive {
  readonly kind: "alive";
  readonly attempt: number;
  /** Unless it is renewed. */
  readonly leaseEndsInMs: number;
}

export type AttemptStart = Journaled | Held | HoldDenied | Alive;

/** `open`: nothing came of earlier attempts, or there was none. */
export type CallSoFar = Journaled | Submitted | Alive | (SoFar & { readonly kind: "open" });

export interface HoldDenied {
  readonly kind: "denied";
  readonly limit: AccountLimit;
  readonly account: string;
  /** The worst case with the shortest reply that is worth making. */
  readonly askedMicroUsd: number;
  /** Cap − held − spent; negative where the cap has been lowered below them. */
  readonly leftMicroUsd: number;
  readonly spentMicroUsd: number;
  readonly capMicroUsd: number;
  /** Only holds of other runs are in the way: asking again later can succeed. */
  readonly temporary: boolean;
  readonly resetsAt: string | null;
  readonly crashTaxMicroUsd: number;
}

export interface Settlement {
  readonly holdId: string;
  /** May exceed the hold: it is charged and reported as it is. */
  readonly actualMicroUsd: number;
  readonly usage: Usage;
  /** The model that answered. */
  readonly model: string;
  readonly journal: string;
  readonly messages: readonly StoredMessage[];
  readonly links: readonly Link[];
}

export type Settled =
  | { readonly kind: "settled"; readonly accounts: readonly AccountState[] }
  | { readonly kind: "late" };

export interface AccountState {
  readonly key: string;
  readonly limit: AccountLimit;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  readonly capMicroUsd: number | null;
}

export interface RunTotals {
  /** Crash tax included. */
  readonly spentMicroUsd: number;
  readonly crashTaxMicroUsd: number;
  readonly heldMicroUsd: number;
  /** Requests sent. */
  readonly modelAttempts: number;
  readonly repliesSettled: number;
}

export interface Ledger {
  /**
   * What the attempts before this one came to: a reply that is adopted, a submission that stands, or one that
   * is alive. Else every open hold of this run that no lease lives for is charged: it is dead. Can be repeated.
   * Throws where a later attempt at the same call has begun.
   */
  resumeCall(attempt: AttemptId): Promise<CallSoFar>;
  /**
   * Adopts the journaled reply where there is one, and does nothing where an earlier attempt is alive. Else
   * charges every other open hold of this run that no lease lives for, then holds the worst case in all accounts
   * or in none.
   * The same `holdId` again gets the same hold. Throws where that hold was resolved meanwhile, and where a
   * later attempt at the same call has begun: then this one is over.
   */
  startAttempt(request: AttemptRequest): Promise<AttemptStart>;
  /** Charges the real cost, journals the reply, stores the messages. `late`: the hold was resolved before, and nothing was written. */
  settle(settlement: Settlement): Promise<Settled>;
  /** A lost attempt costs its full hold. */
  charge(holdId: string): Promise<"charged" | "resolved">;
  /** Only for an attempt that is provably free. */
  void(holdId: string, options: { readonly sent: boolean }): Promise<"voided" | "resolved">;
  /** Charges what is still held and forgets the journal. */
  closeRun(runId: string): Promise<RunTotals>;
  totals(runId: string): Promise<RunTotals>;
  /** Charges holds whose attempt must be dead; returns how many. */
  sweep(): Promise<number>;
  account(key: string): Promise<AccountState | null>;
}

/** Messages that a settlement has stored are handed to `transcripts`, so that the next turn need not read them. */
export function createLedger(db: Database, transcripts?: Pick<Transcripts, "remember">): Ledger {
  return {
    resumeCall: async ({ holdId, callKey, runId, attempt, leaseId }) =>
      only(
        await db<Answer<CallSoFar>>`
          select pawl.resume_call(${{ json: { holdId, callKey, runId, attempt, leaseId } }}) as answer`,
      ),
    startAttempt: async (request) =>
      only(
        await db<Answer<AttemptStart>>`select pawl.start_attempt(${{ json: request }}) as answer`,
      ),
    settle: async (settlement) => {
      const settled = only(
        await db<Answer<Settled>>`select pawl.settle(${{ json: settlement }}) as answer`,
      );
      if (settled.kind === "settled") {
        transcripts?.remember(settlement.messages, settlement.links);
      }
      return settled;
    },
    charge: async (holdId) => {
      const rows = await db<Answer<boolean>>`
        select pawl.resolve_one(${holdId}, 'charged', null) as answer`;
      return only(rows) ? "charged" : "resolved";
    },
    void: async (holdId, { sent }) => {
      const rows = await db<Answer<boolean>>`
        select pawl.resolve_one(${holdId}, ${sent ? "voided" : "unsent"}, 0) as answer`;
      return only(rows) ? "voided" : "resolved";
    },
    closeRun: async (runId) =>
      only(await db<Answer<RunTotals>>`select pawl.close_run(${runId}) as answer`),
    totals: async (runId) =>
      only(await db<Answer<RunTotals>>`select pawl.totals(${runId}) as answer`),
    sweep: async () => only(await db<Answer<number>>`select pawl.sweep() as answer`),
    account: async (key) => {
      const rows = await db<Answer<AccountState>>`
        select pawl.account_state(a) as answer from pawl.account a where key = ${key}`;
      return rows[0]?.answer ?? null;
    },
  };
}

interface Answer<T> {
  readonly answer: T;
}

function only<T>(rows: readonly Answer<T>[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("a function of the ledger returned no row");
  return row.answer;
}
