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

export interface Artefacts {
  put(runId: string, text: string): Promise<Artefact>;
  /** From `offset`, in UTF-16 units; "" behind the end, null where there is no such artefact. */
  read(runId: string, ref: string, offset: number, length: number): Promise<string | null>;
}

const BYTES_MAX = 8 * 1024 * 1024;
const PIECE_CHARS = 64 * 1024;

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
