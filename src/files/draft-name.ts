// What lies beside a file while it is being replaced: drafts and locks. No list shows them.

import { randomBytes } from "node:crypto";

export function draftName(): string {
  return `.${randomBytes(8).toString("hex")}.part`;
}

export function isDraftOrLock(name: string): boolean {
  return /^\.[0-9a-f]{16}\.(part|lock)$/.test(name);
}
