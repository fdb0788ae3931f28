// What makes two orders the same order, and two runs the same run: whoever begins runs asks here, a client as much
// as a workflow.

import { PawlError } from "../errors.ts";
import { sha256 } from "../sha256.ts";

const KEY_CHARS_MAX = 256;

/** Of the run that belongs to a caller's key. Throws PawlError USAGE for a key that is none. */
export function keyedRunId(tenant: string, key: string): string {
  return `run_${keyed([tenant, key], key)}`;
}

/** Throws PawlError USAGE for a key that is none. */
export function keyed(what: readonly string[], key: string): string {
  if (key.trim() === "" || key.length > KEY_CHARS_MAX) {
    throw new PawlError("USAGE", `A key has 1 to ${KEY_CHARS_MAX} characters.`);
  }
  return sha256(JSON.stringify(what)).slice(0, 32);
}

/** Tells a repeated order from a different one; the order of its fields is no difference. */
export function orderDigest(order: object): string {
  return sha256(canonical(order));
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
