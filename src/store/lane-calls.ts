// Calls in the batch lane: the ledger's hold, and which batch of the provider it pays for. The rules U1 and U2 are kept
// by the functions of sql/functions/lane-calls.sql; each operation here is one call of one of them, and
// can be repeated.

import type { Database } from "./database.ts";
import type { AttemptRequest, AttemptStart, Submitted } from "./ledger.ts";

export type LaneStart = AttemptStart | Submitted;

export interface LaneCallState {
  readonly state: "held" | "settled" | "charged" | "voided" | "unsent";
  readonly heldMicroUsd: number;
  readonly replyTokens: number;
  readonly providerBatchId: string | null;
  /** As it was journaled; null where none was, or where the run is closed. */
  readonly reply: string | null;
  readonly crashTaxMicroUsd: number;
  readonly attempts: number;
}

export interface LaneCalls {
  start(request: AttemptRequest): Promise<LaneStart>;
  note(holdId: string, providerBatchId: string): Promise<"awaited" | "unwanted">;
  state(holdId: string): Promise<LaneCallState>;
  /** Those of the batches that are known to be of some call. */
  known(providerBatchIds: readonly string[]): Promise<ReadonlySet<string>>;
}

export function createLaneCalls(db: Database): LaneCalls {
  return {
    async start(request) {
      const rows = await db<Answer<LaneStart>>`
        select pawl.start_lane_call(${{ json: request }}) as answer`;
      return only(rows);
    },
    async note(holdId, providerBatchId) {
      const rows = await db<Answer<boolean>>`
        select pawl.note_provider_batch(${holdId}, ${providerBatchId}) as answer`;
      return only(rows) ? "awaited" : "unwanted";
    },
    async state(holdId) {
      const rows = await db<Answer<LaneCallState | null>>`
        select pawl.lane_call_state(${holdId}) as answer`;
      const state = only(rows);
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

function only<T>(rows: readonly Answer<T>[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("a function of the batch lane returned no row");
  return row.answer;
}
