// What is pinned of a tool when a run begins: all that a model, and the people who made the rules for it, were told.
// The order of keys says nothing: some servers list theirs in another one each time.

import { createHash } from "node:crypto";

export interface DescribedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly annotations?:
    | { readonly readOnlyHint?: boolean | undefined; readonly idempotentHint?: boolean | undefined }
    | undefined;
}

/** sha256 (hex). Of JSON that is not too deep (offered-tool.ts). */
export function toolDigest({ name, description, inputSchema, annotations }: DescribedTool): string {
  const told = ordered([name, description ?? null, inputSchema, annotations ?? null]);
  return createHash("sha256").update(JSON.stringify(told)).digest("hex");
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part)]));
}
