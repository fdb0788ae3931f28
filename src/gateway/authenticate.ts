// From a request to its principal: an API key, the local token, or nothing at all where the gateway was
// told to be open. Nothing else makes a caller local.

import { PawlError } from "../domain/errors.ts";
import type { KeyScope } from "../domain/key-scope.ts";
import type { GatewayContext } from "./route-context.ts";
import { isLocalToken } from "./local-door.ts";
import { refuseFarCallers, refuseOtherSites } from "./local-guard.ts";
import { may, type Principal } from "./principal.ts";

/** The key that a request presents, or null where it presents nothing at all. */
export function presentedKey(c: GatewayContext): string | null {
  const header = c.req.header("authorization");
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? "");
}

const BEARER = /^Bearer ([^\s]+)$/i;

/** Throws PawlError UNAUTHENTICATED, or FORBIDDEN where another site asks in the name of who is local. */
export async function authenticate(c: GatewayContext): Promise<Principal> {
  const { keys, door, config } = c.get("gateway");
  const { headers } = c.req.raw;
  const presented = presentedKey(c);
  if (presented === null) {
    if (door.kind !== "open") throw new PawlError("UNAUTHENTICATED", "A key is needed.");
    refuseFarCallers(headers, remoteAddressOf(c));
  }
  if (presented === null || isLocalToken(door, presented)) {
    refuseOtherSites(headers);
    return { kind: "local", name: "local", tenant: config.caller.tenant };
  }
  const key = await keys.verify(presented);
  if (key === null)
    throw new PawlError("UNAUTHENTICATED", "This key is not known, or not any more.");
  const { keyId, name, tenant, scopes, permission } = key;
  return { kind: "key", keyId, name, tenant, scopes, permission };
}

/** Throws PawlError FORBIDDEN unless the caller has one of the scopes. */
export function demand(principal: Principal, scopes: readonly KeyScope[]): void {
  if (scopes.some((scope) => may(principal, scope))) return;
  throw new PawlError("FORBIDDEN", `This key lacks the scope ${scopes.join(" or ")}.`);
}

export function remoteAddressOf(c: GatewayContext): string | undefined {
  // Absent where a test asks the app without a socket.
  const env: Partial<GatewayContext["env"]> | undefined = c.env;
  return env?.incoming?.socket.remoteAddress;
}
