// Full outputs of tools, of which the model saw the first part. Losing one loses only "read more".

import { createHash } from "node:crypto";
import type { Database } from "./database.ts";

export interface Artefact {
  readonly ref: string;
  /** UTF-16 units that were kept. */
  readonly chars: number;
  /** True where the text was longer than an artefact can be. */
  readonly cut: boolean;
}

export interface ArtefactWriter {
  readonly ref: string;
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface Artefacts {
  put(runId: string, text: string): Promise<Artefact>;
  /** From `offset`, in UTF-16 units; "" behind the end, null where there is no such artefact. */
  /** Of a text that comes piece by piece, of any length up to 64 Mi characters; the rest is not kept. */
  open(runId: string, ref: string): ArtefactWriter;
  read(runId: string, ref: string, offset: number, length: number): Promise<string | null>;
}

const BYTES_MAX = 8 * 1024 * 1024;
const PIECE_CHARS = 64 * 1024;
const WRITTEN_CHARS_MAX = 64 * 1024 * 1024;

export function createArtefacts(db: Database): Artefacts {
  return {
    put: async (runId, text) => {
      const kept = cutToBytes(text, BYTES_MAX);
      const ref = createHash("sha256").update(kept, "utf16le").digest("base64url");
      await db`
        insert into pawl.artefact_piece (run_id, ref, seq, content)
        select ${runId}, ${ref}, position - 1, content
        from jsonb_array_elements_text(${{ json: piecesOf(kept) }}) with ordinality p(content, position)
        on conflict do nothing`;
      return { ref, chars: kept.length, cut: kept.length < text.length };
    },
    open: (runId, ref) => new PieceWriter(db, runId, ref),
    read: async (runId, ref, offset, length) => {
      const first = Math.floor(offset / PIECE_CHARS);
      const last = Math.floor((offset + length) / PIECE_CHARS);
      const rows = await db<{ readonly all: number; readonly wanted: readonly string[] | null }>`
        select count(*) as all,
          jsonb_agg(content order by seq) filter (where seq between ${first} and ${last}) as wanted
        from pawl.artefact_piece where run_id = ${runId} and ref = ${ref}`;
      const [row] = rows;
      if (row === undefined || row.all === 0) return null;
      const text = (row.wanted ?? []).map((piece): string => JSON.parse(piece)).join("");
      const from = offset - first * PIECE_CHARS;
      return text.slice(from, from + length);
    },
  };
}

/** A reader finds a place by its piece, so each but the last is as long. */
class PieceWriter implements ArtefactWriter {
  readonly ref: string;
  readonly #db: Database;
  readonly #runId: string;
  #seq = 0;
  #pending = "";

  constructor(db: Database, runId: string, ref: string) {
    this.ref = ref;
    this.#db = db;
    this.#runId = runId;
  }

  async append(text: string): Promise<void> {
    this.#pending += text;
    while (this.#pending.length >= PIECE_CHARS) {
      const piece = this.#pending.slice(0, PIECE_CHARS);
      this.#pending = this.#pending.slice(PIECE_CHARS);
      await this.#insert(piece);
    }
  }

  async close(): Promise<void> {
    const rest = this.#pending;
    this.#pending = "";
    if (rest !== "" || this.#seq === 0) await this.#insert(rest);
  }

  async #insert(piece: string): Promise<void> {
    if (this.#seq * PIECE_CHARS >= WRITTEN_CHARS_MAX) return;
    const seq = this.#seq;
    this.#seq += 1;
    const db = this.#db;
    await db`
      insert into pawl.artefact_piece (run_id, ref, seq, content)
      values (${this.#runId}, ${this.ref}, ${seq}, ${JSON.stringify(piece)})
      on conflict do nothing`;
  }
}

/** Each piece as JSON: it keeps NUL characters and halves of surrogate pairs, which a text column can't hold. */
function piecesOf(text: string): readonly string[] {
  const count = Math.max(1, Math.ceil(text.length / PIECE_CHARS));
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify(text.slice(index * PIECE_CHARS, (index + 1) * PIECE_CHARS)),
  );
}

function cutToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytesMax));
  return text.slice(0, read);
}
