// The money of one attempt at a call: all that the pipeline knows of the ledger. No ledger, no call; but
// PostgreSQL may restart meanwhile, and an attempt that waits for it keeps what it has.

import type { Lane } from "../../src/domain/call.ts";
import type { LaneCallState } from "../../src/store/lane-calls.ts";
import type {
  AttemptRequest,
  AttemptStart,
  CallSoFar,
  Settled,
  Settlement,
  Submitted,
} from "../../src/store/ledger.ts";
import { holdIdOf, type Attempt } from "../attempt.ts";
import type { ActivityDeps } from "../deps.ts";
import { untilStored, whileStoreIsAway } from "./patience.ts";

export type HoldRequest = Omit<AttemptRequest, "holdId" | "callKey" | "runId" | "attempt">;

export interface Money {
  /** What the attempts before this one came to; those that died are charged. */
  resume(): Promise<CallSoFar>;
  hold(request: HoldRequest, lane: Lane): Promise<AttemptStart | Submitted>;
  /** Of an attempt that was handed to the provider's batches. */
  submission(): Promise<LaneCallState>;
  settle(settlement: Omit<Settlement, "holdId">): Promise<Settled>;
  /** The attempt is lost, and costs its hold. */
  charge(): Promise<void>;
  /** The attempt is provably free; where it was not even sent it counts as none. */
  release(options: { readonly sent: boolean }): Promise<void>;
}

export function moneyFor({ ledger, laneCalls }: ActivityDeps, attempt: Attempt): Money {
  const { callKey, runId, attempt: number } = attempt;
  const id = { holdId: holdIdOf(attempt), callKey, runId, attempt: number };
  const asking = <T>(ask: () => Promise<T>) => whileStoreIsAway(attempt, ask);
  const ending = <T>(end: () => Promise<T>) => untilStored(attempt, end);
  return {
    resume: () => asking(() => ledger.resumeCall(id)),
    hold: (request, lane) =>
      asking<AttemptStart | Submitted>(() =>
        lane === "batch"
          ? laneCalls.start({ ...request, ...id })
          : ledger.startAttempt({ ...request, ...id }),
      ),
    submission: () => asking(() => laneCalls.state(id.holdId)),
    settle: (settlement) => ending(() => ledger.settle({ ...settlement, holdId: id.holdId })),
    charge: async () => void (await ending(() => ledger.charge(id.holdId))),
    release: async (options) => void (await ending(() => ledger.void(id.holdId, options))),
  };
}
