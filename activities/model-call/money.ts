// The money of one attempt at a call: all that the pipeline knows of the ledger. No ledger, no call; but
// PostgreSQL may restart meanwhile, and an attempt that waits for it keeps what it has.

import type { LaneCallState } from "../../src/store/lane-calls.ts";
import type {
  AttemptId,
  AttemptRequest,
  AttemptStart,
  CallSoFar,
  Loss,
  Settled,
  Settlement,
} from "../../src/store/ledger.ts";
import { holdIdOf, type Attempt } from "../attempt.ts";
import type { ActivityDeps } from "../deps.ts";
import { untilStored, whileStoreIsAway } from "./patience.ts";

export type HoldRequest = Omit<AttemptRequest, keyof AttemptId>;

export interface Money {
  /** What the attempts before this one came to; those that died are lost. */
  resume(): Promise<CallSoFar>;
  hold(request: HoldRequest): Promise<AttemptStart>;
  /** Of an attempt that was handed to the provider's batches. */
  submission(): Promise<LaneCallState>;
  settle(settlement: Omit<Settlement, "holdId" | "callKey">): Promise<Settled>;
  /** Nobody knows what became of the attempt: beyond what is known its whole hold is feared. */
  lose(loss?: Loss): Promise<void>;
  /** The attempt is provably free; where it was not even sent it counts as none. */
  release(options: { readonly sent: boolean }): Promise<void>;
}

export function moneyFor({ ledger, laneCalls }: ActivityDeps, attempt: Attempt): Money {
  const { callKey, runId, attempt: number } = attempt;
  const id = { holdId: holdIdOf(attempt), callKey, runId, attempt: number, leaseId: null };
  const asking = <T>(ask: () => Promise<T>) => whileStoreIsAway(attempt, ask);
  const ending = <T>(end: () => Promise<T>) => untilStored(attempt, end);
  return {
    resume: () => asking(() => ledger.resumeCall(id)),
    hold: (request) => asking(() => ledger.startAttempt({ ...request, ...id })),
    submission: () => asking(() => laneCalls.state(id.holdId)),
    settle: (settlement) =>
      ending(() => ledger.settle({ ...settlement, holdId: id.holdId, callKey })),
    lose: async (loss) => void (await ending(() => ledger.lose(id.holdId, loss))),
    release: async (options) => void (await ending(() => ledger.void(id.holdId, options))),
  };
}
