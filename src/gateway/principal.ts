// Who asks, and what for: a key with its scopes, or the person at this machine.

import type { KeyScope } from "../domain/key-scope.ts";
import { lowestOf, type Permission } from "../domain/permission.ts";

export type Principal =
  | {
      readonly kind: "key";
      readonly keyId: string;
      readonly name: string;
      readonly tenant: string;
      readonly scopes: readonly KeyScope[];
      /** How far its runs may go; null where the key does not say. */
      readonly permission: Permission | null;
    }
  | {
      /** Who showed the local token, or reached an open gateway. Sees every tenant, as the CLI does. */
      readonly kind: "local";
      readonly name: string;
      /** Whom its own runs belong to. */
      readonly tenant: string;
    };

/** `admin` may do whatever the other scopes allow within its tenant; `metrics` looks beyond it. */
export function may(principal: Principal, scope: KeyScope): boolean {
  if (principal.kind === "local") return true;
  return (
    principal.scopes.includes(scope) || (scope !== "metrics" && principal.scopes.includes("admin"))
  );
}

/** The filter on whatever is listed: a key sees its tenant and nothing else. */
export function tenantFilter(principal: Principal): { readonly tenant?: string } {
  return principal.kind === "local" ? {} : { tenant: principal.tenant };
}

/** How far runs of the caller may go that ask for so much. */
export function permissionFor(
  principal: Principal,
  asked: Permission | undefined,
): Permission | undefined {
  return lowestOf([asked, principal.kind === "key" ? principal.permission : null]);
}

export function seesTenant(principal: Principal, tenant: string): boolean {
  return principal.kind === "local" || principal.tenant === tenant;
}
