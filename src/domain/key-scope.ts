// What a key to the gateway lets its holder do.

export const KEY_SCOPES = ["runs:read", "runs:write", "approvals:decide", "admin"] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];
