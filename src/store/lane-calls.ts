// Calls in the batch lane: the ledger's hold, and which batch of the provider it pays for. The hold is made and
// resolved like any other (U1 and U2 in sql/tables/09-lane-calls.sql); this is what else is known of it.

import type { Database } from "./database.ts";

export interface LaneCallState {
  readonly state: "held" | "settled" | "voided" | "lost";
  readonly heldMicroUsd: number;
  readonly replyTokens: number;
  readonly providerBatchId: string | null;
  /** As it was journaled; null where none was, or where the run is closed. */
  readonly reply: string | null;
  readonly crashTaxMicroUsd: number;
  readonly attempts: number;
}

export interface LaneCalls {
  note(holdId: string, providerBatchId: string): Promise<"awaited" | "unwanted">;
  state(holdId: string): Promise<LaneCallState>;
  /** Those of the batches that are known to be of some call. */
  known(providerBatchIds: readonly string[]): Promise<ReadonlySet<string>>;
}

export function createLaneCalls(db: Database): LaneCalls {
  return {
    async note(holdId, providerBatchId) {
      const rows = await db<Answer<boolean>>`
        select pawl.note_provider_batch(${holdId}, ${providerBatchId}) as answer`;
      return rows[0]?.answer === true ? "awaited" : "unwanted";
    },
    async state(holdId) {
      // With a message whose commit waits for the disk: what is told here has been written for good (L6).
      const rows = await db<Answer<LaneCallState | null>>`
        select pawl.lane_call_state(${holdId}) as answer, pg_logical_emit_message(true, 'pawl', '')`;
      const state = rows[0]?.answer ?? null;
      if (state === null) throw new Error(`there is no call in the batch lane with hold ${holdId}`);
      return state;
    },
    async known(providerBatchIds) {
      const rows = await db<{ id: string }>`
        select provider_batch_id as id from pawl.lane_call
        where provider_batch_id = any (${providerBatchIds})`;
      return new Set(rows.map(({ id }) => id));
    },
  };
}

interface Answer<T> {
  readonly answer: T;
}
