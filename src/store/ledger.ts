// The ledger of all spending: two-phase, in integer micro-USD. An attempt at a model call first holds its worst
// case in every account it counts against, and later settles it with the real cost. What a lost attempt may
// have cost is feared: it counts against caps and is not spent. The rules L1–L7 (sql/tables/01-money.sql) are
// kept by the functions in sql/functions; what workers book goes in batches (batcher.ts).

import type { Lane, Payer } from "../domain/call.ts";
import { PawlError } from "../domain/errors.ts";
import type { AccountLimit } from "../domain/outcome.ts";
import type { WorstCase } from "../domain/pricing.ts";
import type { Usage } from "../domain/usage.ts";
import { createBatcher } from "./batcher.ts";
import type { Database } from "./database.ts";
import type { Link, StoredMessage, Transcripts } from "./transcripts.ts";

/** Which attempt at which call of a run asks. */
export interface AttemptId {
  /** New for each attempt, and never used again: not by a reset run, not by another execution. */
  readonly holdId: string;
  /** The same for all attempts at one call: the key of the reply journal. */
  readonly callKey: string;
  readonly runId: string;
  /** Grows with each attempt at the same call. */
  readonly attempt: number;
  /** Of the asking worker (leases.ts): while it lasts, so does the attempt. Null where the hold lives until it is resolved. */
  readonly leaseId: string | null;
}

export interface AttemptRequest extends AttemptId {
  /** The accounts follow from the payer: session, tenant and all, where budgets are, and its shares. */
  readonly payer: Payer;
  /** The run's own cap. */
  readonly runCapMicroUsd: number;
  /** The day that the accounts are of, `YYYY-MM-DD`; that of the database where nothing is said. */
  readonly day?: string;
  readonly lane: Lane;
  readonly model: string;
  readonly worst: WorstCase;
  /** With room for less than this, the call is not worth making. */
  readonly replyTokensMin: number;
  readonly replyTokensMax: number;
  /** When the sweeper may take the attempt for dead, by the clock of the database. */
  readonly deadAfterMs: number;
}

interface SoFar {
  /** Feared and spent so far for lost attempts at this call. */
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

/** An earlier attempt at this very call is under way: the lease of its worker lives. Nothing was written. */
export interface Alive {
  readonly kind: "alive";
  readonly attempt: number;
  readonly leaseEndsInMs: number;
}

export type AttemptStart = Journaled | Held | HoldDenied | Submitted | Alive;

/** `open`: nothing came of earlier attempts, or there was none. */
export type CallSoFar = Journaled | Submitted | Alive | (SoFar & { readonly kind: "open" });

export interface HoldDenied {
  readonly kind: "denied";
  readonly limit: AccountLimit;
  readonly account: string;
  /** The worst case with the shortest reply that is worth making. */
  readonly askedMicroUsd: number;
  /** Cap − held − spent − feared; negative where the cap has been lowered below them. */
  readonly leftMicroUsd: number;
  readonly spentMicroUsd: number;
  readonly fearedMicroUsd: number;
  readonly capMicroUsd: number;
  /** Only holds of other runs are in the way: asking again later can succeed. */
  readonly temporary: boolean;
  readonly resetsAt: string | null;
  readonly crashTaxMicroUsd: number;
}

export interface Settlement {
  readonly holdId: string;
  readonly callKey: string;
  /** May exceed the hold: it is charged and reported as it is. */
  readonly spentMicroUsd: number;
  /** What it may have cost beyond that. */
  readonly fearedMicroUsd?: number;
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

/** What is known of the cost of a lost attempt. */
export interface Loss {
  readonly spentMicroUsd: number;
  readonly fearedMicroUsd: number;
}

export interface AccountState {
  readonly key: string;
  readonly limit: AccountLimit;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  readonly fearedMicroUsd: number;
  /** Null where it was taken away. */
  readonly capMicroUsd: number | null;
}

export interface RunTotals {
  readonly spentMicroUsd: number;
  readonly fearedMicroUsd: number;
  /** Feared and spent for attempts whose reply was lost. */
  readonly crashTaxMicroUsd: number;
  readonly heldMicroUsd: number;
  /** Requests sent. */
  readonly modelAttempts: number;
  readonly repliesSettled: number;
}

/** Somebody knows what lost attempts did cost. */
export interface Release {
  readonly holdIds: readonly string[];
  /** Of each. */
  readonly actualMicroUsd: number;
  readonly by: string;
  readonly why: string;
}

export interface Released {
  readonly calls: number;
  /** That is feared no more. */
  readonly fearedMicroUsd: number;
}

export interface Ledger {
  /**
   * What the attempts before this one came to: a reply that is adopted, a submission that stands, or an attempt
   * that is alive. Else every open hold of this run whose worker died is lost. Can be repeated. Throws where a
   * later attempt at the same call has begun.
   */
  resumeCall(attempt: AttemptId): Promise<CallSoFar>;
  /**
   * As `resumeCall`; then holds the worst case in all accounts or in none. The same `holdId` again gets the same
   * hold. Throws where that hold was resolved meanwhile, and where a later attempt at the same call has
   * begun: then this one is over.
   */
  startAttempt(request: AttemptRequest): Promise<AttemptStart>;
  /** Charges the real cost, journals the reply, stores the messages. `late`: the hold was resolved before, and nothing was written. */
  settle(settlement: Settlement): Promise<Settled>;
  /** Of a lost attempt the whole hold is feared where nothing else is known. */
  lose(holdId: string, loss?: Loss): Promise<"lost" | "resolved">;
  /** Only for an attempt that is provably free. */
  void(holdId: string, options: { readonly sent: boolean }): Promise<"voided" | "resolved">;
  /** What is still held is lost, and the journal forgotten. */
  closeRun(runId: string): Promise<RunTotals>;
  totals(runId: string): Promise<RunTotals>;
  /** Holds whose attempt must be dead are lost; returns how many. Makes room for the days to come. */
  sweep(): Promise<number>;
  /** Null where nothing caps it. `run/<id>` is the run's own. */
  account(key: string): Promise<AccountState | null>;
  /** Once: what was settled before is passed over. */
  settleFeared(release: Release): Promise<Released>;
  /** The worker ends: no hold is made from now on, and what ends is booked as ever. */
  holdNoMore(): void;
}

/** A run is an account of its own. */
const RUN_KEY = "run/";
/** Days of calls that have a partition before they come. */
const DAYS_AHEAD = 7;
/** Of holds under way here; more than any worker has. */
const TENANTS_REMEMBERED = 20_000;

/** Messages that a settlement has stored are handed to `transcripts`, so that the next turn need not read them. */
export function createLedger(db: Database, transcripts?: Pick<Transcripts, "remember">): Ledger {
  const batcher = createBatcher(db);
  const tenants = new Map<string, string>();
  let holds = true;

  async function ask<T>(tenant: string, op: "hold" | "resume", body: AttemptId): Promise<T> {
    const key = `run ${body.runId}`;
    const answer = await batcher.book<Refused | T>({ tenant, key, body: { op, ...body } });
    if (isRefused(answer)) throw new Error(answer.message);
    return answer;
  }
  async function close<T>(holdId: string, what: object): Promise<T> {
    const body = { op: "close", holdId, ...what };
    const tenant = tenants.get(holdId) ?? "";
    const answer = await batcher.book<T>({ tenant, key: `hold ${holdId}`, body });
    tenants.delete(holdId);
    return answer;
  }
  return {
    resumeCall: async ({ holdId, callKey, runId, attempt, leaseId }) =>
      await ask<CallSoFar>("", "resume", { holdId, callKey, runId, attempt, leaseId }),
    startAttempt: async ({ payer, ...request }) => {
      if (!holds)
        throw new PawlError("PROVIDER_UNAVAILABLE", "this worker ends and begins no call");
      const start = await ask<AttemptStart>(payer.tenant, "hold", { ...request, ...payer });
      if (start.kind === "held" && tenants.size < TENANTS_REMEMBERED) {
        tenants.set(request.holdId, payer.tenant);
      }
      return start;
    },
    settle: async ({ holdId, ...settlement }) => {
      const settled = await close<Settled>(holdId, { state: "settled", ...settlement });
      if (settled.kind === "settled") {
        transcripts?.remember(settlement.messages, settlement.links);
      }
      return settled;
    },
    lose: async (holdId, loss) =>
      (await close<Closed<"lost">>(holdId, { state: "lost", ...loss })).kind,
    void: async (holdId, { sent }) => {
      const state = sent ? "voided" : "unsent";
      const { kind } = await close<Closed<"voided" | "unsent">>(holdId, { state });
      return kind === "resolved" ? kind : "voided";
    },
    closeRun: async (runId) =>
      only(await db<Answer<RunTotals>>`select pawl.close_run(${runId}) as answer`),
    totals: (runId) => totalsOf(db, runId),
    sweep: async () => {
      await db`select pawl.make_call_days(${DAYS_AHEAD})`;
      return only(await db<Answer<number>>`select pawl.sweep() as answer`);
    },
    account: async (key) => {
      const runId = key.startsWith(RUN_KEY) ? key.slice(RUN_KEY.length) : null;
      return only(
        await db<Answer<AccountState | null>>`
          select pawl.states_of(${runId}, ${[key]}) -> 0 as answer`,
      );
    },
    settleFeared: async ({ holdIds, actualMicroUsd, by, why }) =>
      only(
        await db<Answer<Released>>`
          select pawl.settle_feared(${holdIds}, ${actualMicroUsd}, ${by}, ${why}) as answer`,
      ),
    holdNoMore: () => void (holds = false),
  };
}

/** What the books say of a run, for whoever only reads them. */
export async function totalsOf(db: Database, runId: string): Promise<RunTotals> {
  return only(await db<Answer<RunTotals>>`select pawl.totals(${runId}) as answer`);
}

interface Closed<State> {
  readonly kind: State | "resolved";
}

/** By the books, and for good. */
interface Refused {
  readonly kind: "refused";
  readonly message: string;
}

function isRefused(answer: unknown): answer is Refused {
  return (
    typeof answer === "object" && answer !== null && "kind" in answer && answer.kind === "refused"
  );
}

interface Answer<T> {
  readonly answer: T;
}

function only<T>(rows: readonly Answer<T>[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("a function of the ledger returned no row");
  return row.answer;
}
