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
import { inTheEnd, isStoreAway, untilStored, whileStoreIsAway } from "./patience.ts";

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
  /**
   * At the end of the attempt: a hold that it leaves open would look alive for as long as this worker lives.
   * Nobody waits for it.
   */
  letGo(): void;
}

/** What the attempt still has to end. `asked`: whether it was given its hold is not known. */
type Left = "nothing" | "asked" | "held";

export function moneyFor(
  { ledger, laneCalls, lease }: Pick<ActivityDeps, "ledger" | "laneCalls" | "lease">,
  attempt: Attempt,
): Money {
  const { callKey, runId, attempt: number } = attempt;
  const holdId = holdIdOf(attempt);
  const id = { holdId, callKey, runId, attempt: number };
  let left: Left = "nothing";

  const asking = <T>(ask: () => Promise<T>) => whileStoreIsAway(attempt, ask);
  const ending = async <T>(end: () => Promise<T>): Promise<T> => {
    const before = left;
    // It is tried until it is stored: a second end would only get in its way.
    left = "nothing";
    try {
      return await untilStored(attempt, end);
    } catch (error) {
      if (!isStoreAway(error)) left = before;
      throw error;
    }
  };
  const hold = async (request: HoldRequest): Promise<AttemptStart> => {
    left = "asked";
    const start = await asking(async () =>
      ledger.startAttempt({ ...request, ...id, leaseId: await lease.sure() }),
    );
    left = start.kind === "held" ? "held" : "nothing";
    return start;
  };
  return {
    resume: () => asking(() => ledger.resumeCall({ ...id, leaseId: lease.leaseId })),
    hold: (request) =>
      request.lane === "live"
        ? hold(request)
        : asking(() => ledger.startAttempt({ ...request, ...id, leaseId: null })),
    submission: () => asking(() => laneCalls.state(holdId)),
    settle: (settlement) => ending(() => ledger.settle({ ...settlement, holdId, callKey })),
    lose: async (loss) => void (await ending(() => ledger.lose(holdId, loss))),
    release: async (options) => void (await ending(() => ledger.void(holdId, options))),
    letGo() {
      if (left === "nothing") return;
      const wasHeld = left === "held";
      left = "nothing";
      const end = inTheEnd(async () => {
        await (wasHeld ? ledger.lose(holdId) : ledger.void(holdId, { sent: false }));
      });
      // What the ledger refuses stays for its sweep.
      end.catch(() => undefined);
    },
  };
}
