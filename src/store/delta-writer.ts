// Writes the deltas of all runs of a process: the first text of an attempt at once, and whatever else
// came within 50 ms as one insert. One insert is under way at a time, so that readers see the rows of
// an activity in order (V1).

import type { Database } from "./database.ts";
import { createDeltaBuffer } from "./delta-buffer.ts";
import type { AttemptKey, AttemptMark, DeltaRow, Progress, Writing } from "./deltas.ts";

export interface DeltaWriter {
  text(key: AttemptKey, piece: string): void;
  mark(key: AttemptKey, mark: AttemptMark): void;
  writing(key: AttemptKey, writing: Writing): void;
  progress(key: AttemptKey, progress: Progress): void;
  /** Resolves when all that was given so far has been written, or lost. Never rejects. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface DeltaWriterOptions {
  readonly intervalMs?: number;
  /** Text waiting to be written; beyond it, new text is dropped. */
  readonly bufferedCharsMax?: number;
  readonly onLoss?: (loss: DeltaLoss) => void;
}

export interface DeltaLoss {
  readonly rows: number;
  readonly chars: number;
  readonly cause: unknown;
}

export function createDeltaWriter(db: Database, options: DeltaWriterOptions = {}): DeltaWriter {
  const { intervalMs = 50, bufferedCharsMax = 4 * 1024 * 1024, onLoss = () => {} } = options;
  const buffer = createDeltaBuffer(bufferedCharsMax);
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(last: boolean): Promise<void> {
    const { rows, droppedChars, isWaiting } = buffer.take({ last, nowMs: Date.now() });
    if (isWaiting && !last) schedule();
    if (droppedChars > 0) {
      onLoss({ rows: 0, chars: droppedChars, cause: new Error("the buffer of deltas was full") });
    }
    if (rows.length === 0) return;
    try {
      await insert(db, rows);
    } catch (cause) {
      onLoss({ rows: rows.length, chars: charsIn(rows), cause });
    }
  }

  function writeAfterOthers(last: boolean): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(() => write(last));
    return writing;
  }

  function schedule(): void {
    timer ??= setTimeout(() => void writeAfterOthers(false), intervalMs);
  }

  return {
    text: (key, piece) => {
      // The first text of a reply is what somebody waits for.
      if (buffer.text(key, piece)) void writeAfterOthers(false);
      else schedule();
    },
    mark: (key, mark) => {
      buffer.mark(key, mark);
      schedule();
    },
    writing: (key, soFar) => {
      buffer.writing(key, soFar);
      schedule();
    },
    progress: (key, progress) => {
      buffer.progress(key, progress);
      schedule();
    },
    flush: () => writeAfterOthers(false),
    close: () => writeAfterOthers(true),
  };
}

async function insert(db: Database, rows: readonly DeltaRow[]): Promise<void> {
  const stored = rows.map(({ executionId, activityId, attempt, seq, ...row }) => {
    const position = { executionId, activityId, attempt, seq, kind: row.kind };
    return row.kind === "text"
      ? { ...position, offset: row.offset, content: JSON.stringify(row.text) }
      : { ...position, content: JSON.stringify(row.mark) };
  });
  await db`
    insert into pawl.delta (execution_id, activity_id, attempt, seq, kind, text_offset, content)
    select "executionId", "activityId", attempt, seq, kind, "offset", content
    from jsonb_to_recordset(${{ json: stored }})
      as d("executionId" text, "activityId" text, attempt integer, seq integer, kind text,
        "offset" integer, content text)
    on conflict do nothing`;
}

function charsIn(rows: readonly DeltaRow[]): number {
  return rows.reduce((sum, row) => sum + (row.kind === "text" ? row.text.length : 0), 0);
}
