// What a key to the gateway lets its holder do.

export const KEY_SCOPES = [
  "runs:read",
  "runs:write",
  "approvals:decide",
  "admin",
  /** What the gateway counts of all tenants: for whoever operates it, and so no part of `admin`. */
  "metrics",
] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];
