// A value as an SQL literal.
//
// Why not bind parameters: they need several protocol messages for a query, and pglite-socket shares
// one session between its clients and lets those messages interleave, so that one client's values can
// meet another one's statement. A statement that is complete in itself travels as a single message:
// right on PGlite, on PostgreSQL and behind a transaction pooler, and always one round trip.

import { PawlError } from "../domain/errors.ts";

export type SqlValue =
  string | number | boolean | null | { readonly json: unknown } | readonly string[];

/** Contract: the text can't end the literal it stands in, whatever the server's settings are. */
export function literal(value: SqlValue): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return integer(value);
  if (typeof value === "string") return quoted(value);
  if ("json" in value) return `${quoted(JSON.stringify(value.json))}::jsonb`;
  return `array[${value.map(quoted).join(",")}]::text[]`;
}

/** As libpq quotes: with a backslash inside, the E form means the same under every server setting. */
function quoted(text: string): string {
  if (text.includes("\0")) throw unstorable();
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/** Nobody can mend it by asking again; long texts that may have one are encoded first (transcripts.ts). */
export function unstorable(cause?: unknown): PawlError {
  const message = "A text has a character that can't be stored: U+0000, or half of a pair.";
  return new PawlError("USAGE", message, { cause });
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new Error(`not a whole number that SQL can take: ${value}`);
  return value < 0 ? `(${value})` : String(value);
}
