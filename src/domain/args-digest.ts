// What a decision is bound to: the arguments of a call. The worker takes the digest where the model wrote them;
// whoever shows arguments takes it of what they show, and lets nobody decide where the two differ.

import { sha256 } from "./sha256.ts";

/** sha256 (hex) of their JSON, keys in the order in which the model wrote them. */
export function argsDigest(input: unknown): string {
  return sha256(JSON.stringify(input) ?? "null");
}
