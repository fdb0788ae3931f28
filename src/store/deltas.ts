// Text of replies in flight, and marks of attempts that history does not show yet. A view, never the
// truth: losing rows loses smoothness and nothing else, so a writer never throws into a run.
//
// V1. Rows of an activity are ordered by (attempt, seq); a later row never appears before an earlier one.
// V2. `offset` counts every UTF-16 unit of the reply, lost ones too: a gap in the offsets shows a loss.
// V3. A text is well formed: no surrogate pair is cut in two.

import type { Database } from "./database.ts";

export interface AttemptKey {
  readonly executionId: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** What an attempt writes that is no text of the reply. */
export interface Writing {
  readonly tool: string;
  /** Of the arguments of this call, and of all that the attempt has written, so far. */
  readonly chars: number;
  readonly charsOfAll: number;
}

/** How far a tool has come, in its own words. */
export interface Progress {
  readonly text: string;
  /** 0 to 1; null where the tool does not say. */
  readonly share: number | null;
}

export type AttemptMark =
  | { readonly kind: "started" }
  | { readonly kind: "writing"; readonly writing: Writing }
  | ({ readonly kind: "progress" } & Progress)
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly nextAttemptAt: string | null;
    };

interface DeltaPosition extends AttemptKey {
  /** From 1 in each attempt. */
  readonly seq: number;
}

export interface TextDelta extends DeltaPosition {
  readonly kind: "text";
  /** Where in the text of the reply this piece begins, in UTF-16 units. */
  readonly offset: number;
  readonly text: string;
}

export interface MarkDelta extends DeltaPosition {
  readonly kind: "mark";
  readonly mark: AttemptMark;
}

export type DeltaRow = TextDelta | MarkDelta;

export interface DeltaCursor {
  readonly attempt: number;
  readonly seq: number;
}

export const DELTAS_FROM_START: DeltaCursor = { attempt: 0, seq: 0 };

export interface DeltaQuery {
  readonly executionId: string;
  readonly activityId: string;
  readonly after: DeltaCursor;
}

export interface DeltaReader {
  /** Rows of one activity behind the cursor, in order. */
  read(executionId: string, activityId: string, after: DeltaCursor): Promise<readonly DeltaRow[]>;
  /** The same for many activities in one round trip. */
  readMany(queries: readonly DeltaQuery[]): Promise<readonly DeltaRow[]>;
}

export function createDeltaReader(db: Database): DeltaReader {
  const readMany = async (queries: readonly DeltaQuery[]): Promise<readonly DeltaRow[]> => {
    if (queries.length === 0) return [];
    const rows = await db<StoredRow>`
      select d.* from jsonb_to_recordset(${{ json: queries }})
        as q("executionId" text, "activityId" text, after jsonb)
      join pawl.delta d on d.execution_id = q."executionId" and d.activity_id = q."activityId"
        and (d.attempt, d.seq) > ((q.after ->> 'attempt')::integer, (q.after ->> 'seq')::integer)
      order by d.execution_id, d.activity_id, d.attempt, d.seq`;
    return rows.map(deltaOf);
  };
  return {
    readMany,
    read: (executionId, activityId, after) => readMany([{ executionId, activityId, after }]),
  };
}

/** Returns how many rows were removed. */
export async function pruneDeltas(db: Database, olderThanMs: number): Promise<number> {
  const rows = await db<{ readonly pruned: number }>`
    with gone as (
      delete from pawl.delta
      where created_at < clock_timestamp() - ${olderThanMs} * interval '1 millisecond' returning 1
    ) select count(*) as pruned from gone`;
  return rows[0]?.pruned ?? 0;
}

interface StoredRow {
  readonly execution_id: string;
  readonly activity_id: string;
  readonly attempt: number;
  readonly seq: number;
  readonly kind: "text" | "mark";
  readonly text_offset: number | null;
  readonly content: string;
}

/** Content is JSON: it keeps NUL characters, which a text column can't hold. */
function deltaOf(row: StoredRow): DeltaRow {
  const position: DeltaPosition = {
    executionId: row.execution_id,
    activityId: row.activity_id,
    attempt: row.attempt,
    seq: row.seq,
  };
  return row.kind === "text"
    ? { ...position, kind: "text", offset: row.text_offset ?? 0, text: JSON.parse(row.content) }
    : { ...position, kind: "mark", mark: JSON.parse(row.content) };
}
