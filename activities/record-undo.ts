// What became of undoing a run that had ended, into its record: Temporal forgets, and the record stays.

import { compensationOf, type Effect } from "../src/domain/effect.ts";
import { asFailures } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

export interface RecordUndoInput {
  readonly runId: string;
  readonly effects: readonly Effect[];
}

export function createRecordUndo({ records }: ActivityDeps) {
  return async function recordUndo({ runId, effects }: RecordUndoInput): Promise<void> {
    await asFailures(async () => {
      const record = await records.get(runId);
      // A run that was ended from outside has none.
      if (record === null) return;
      const compensations = effects.map(compensationOf);
      await records.put({ ...record, result: { ...record.result, compensations } });
    });
  };
}
