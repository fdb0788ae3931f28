// Headers that say who asks, of whom, and how long the body is. Given twice, a proxy before us may have read the
// other one; so nothing is done for such a request.

import { PawlError } from "../domain/errors.ts";
import type { GatewayContext } from "./route-context.ts";

const SINGLE: ReadonlySet<string> = new Set([
  "host",
  "authorization",
  "content-length",
  "content-type",
  "idempotency-key",
  "last-event-id",
  "origin",
]);

/** Throws PawlError USAGE. */
export function refuseDoubled(c: GatewayContext): void {
  // Absent where a test asks the app without a socket.
  const env: Partial<GatewayContext["env"]> | undefined = c.env;
  const seen = new Set<string>();
  for (const name of namesIn(env?.incoming?.rawHeaders ?? [])) {
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) {
      c.header("Connection", "close");
      throw new PawlError("USAGE", `The header ${name} was sent twice.`);
    }
    seen.add(name);
  }
}

/** Names and values lie there in turn. */
function namesIn(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
}
