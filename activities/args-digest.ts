// What an approval is bound to: the arguments of a call, as the model wrote them.

import { createHash } from "node:crypto";

export function argsDigest(input: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(input) ?? "null")
    .digest("hex");
}
