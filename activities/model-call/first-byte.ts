// How long a call waits for the first event of its reply. The prompt is read before that, and what reads it may be a
// graphics card or two cores of a laptop: so the time grows with the prompt, by far more where the server is not
// Anthropic's, and a call that was given up for it waits twice as long when it is tried again. Such servers often
// keep what they have read of a prompt, so giving up early only costs.

import { isAnthropicApi } from "../../src/domain/provider.ts";
import type { PreparedCall } from "./call-attempt.ts";
import { failureBefore } from "./failure-before.ts";

/** A million tokens are read in a minute or two. */
const ANTHROPIC_MS_PER_TOKEN = 0.1;
/** A small model on two cores reads about forty tokens a second; this is half of it. */
const OTHERS_MS_PER_TOKEN = 50;
/** Where nothing but bytes is known of a prompt. */
const BYTES_PER_TOKEN = 3;
const DOUBLINGS_MAX = 4;

export function firstByteMsOf(prepared: PreparedCall): number {
  const { deps, attempt } = prepared;
  const { isOffline, baseUrl } = deps.provider;
  const isOther = !isOffline && !isAnthropicApi(baseUrl ?? undefined);
  const perToken = isOther ? OTHERS_MS_PER_TOKEN : ANTHROPIC_MS_PER_TOKEN;
  const ms = deps.config.timers.firstByteTimeoutMs + perToken * promptTokensOf(prepared);
  return Math.ceil(ms * (isOther ? 2 ** timeoutsBefore(attempt.before) : 1));
}

function promptTokensOf({ deps, request, room }: PreparedCall): number {
  const bytes = deps.model.promptBytes(request);
  return Math.min(room.promptTokens, bytes / BYTES_PER_TOKEN);
}

function timeoutsBefore(details: unknown): number {
  const before = failureBefore(details);
  return before?.code === "PROVIDER_TIMEOUT" ? Math.min(before.times, DOUBLINGS_MAX) : 0;
}
