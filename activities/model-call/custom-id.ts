// What a call is named in its batch. Derived from its hold, so that whoever finds a result that nobody
// waits for knows whose it is.

import { createHash } from "node:crypto";

/** The API takes 64 characters. */
export function customIdOf(holdId: string): string {
  return `pawl_${createHash("sha256").update(holdId).digest("hex").slice(0, 40)}`;
}
