// What runs want stopped, said to all workers: the attempt may be at work in any of them, and Temporal says
// it only with the answer to a heartbeat, and to an attempt that it has given up not at all.

import type { Database } from "./database.ts";

/** Of the attempts of one history of a run: those that were scheduled by then, by Temporal's clock. */
export interface StopWish {
  readonly executionId: string;
  readonly scheduledUntilMs: number;
}

export interface Stops {
  ask(wish: StopWish): Promise<void>;
  /** What was asked for in this time. */
  heard(withinMs: number): Promise<readonly StopWish[]>;
}

export function createStops(db: Database): Stops {
  return {
    async ask({ executionId, scheduledUntilMs }) {
      await db`select pawl.ask_stop(${executionId}, ${scheduledUntilMs})`;
    },
    heard: async (withinMs) =>
      await db<StopWish>`
        select execution_id as "executionId", scheduled_until_ms as "scheduledUntilMs"
        from pawl.stop_wish
        where asked_at > clock_timestamp() - ${withinMs} * interval '1 millisecond'`,
  };
}
