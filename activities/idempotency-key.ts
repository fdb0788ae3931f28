// By what the services behind a tool know a call: the same for all of its attempts, and for no other call. A run
// that was reset asks a model again for the turns behind that point, and may be given other calls in the places of
// those it has executed: so the arguments are part of the key.

import { argsDigest } from "../src/domain/args-digest.ts";
import { callKeyOf } from "../src/domain/tool-call.ts";

const DIGEST_CHARS = 16;

export function idempotencyKeyOf(runId: string, callId: string, args: unknown): string {
  return `${callKeyOf(runId, callId)}/${argsDigest(args).slice(0, DIGEST_CHARS)}`;
}
