// How much a call may ask for: the longest prompt it can turn out to be, and the longest reply that
// the token limits leave room for. A token is never shorter than a byte, so bytes bound the prompt;
// only where that bound would refuse a call is the provider asked to count, which is free.

import type { Denial, ModelCall } from "../../src/domain/call.ts";
import { roomForSummary, tokensKeptBack } from "../../src/domain/kept-back.ts";
import { USEFUL_REPLY_TOKENS, type Limits } from "../../src/domain/limits.ts";
import { specOf } from "../../src/domain/pricing.ts";
import type { PreparedCall, Room } from "./call-attempt.ts";
import { denied } from "./denial.ts";

/** What the API may put around each message. */
const FRAMING_TOKENS = 16;

type Measured = Omit<PreparedCall, "room">;

export async function roomFor(measured: Measured): Promise<Room | Denial> {
  const { deps, attempt, call, conversation, request } = measured;
  const { limits } = conversation.snapshot;
  const spec = specOf(request.model);
  const promptTokensMax = boundOf(measured);
  const likely = await likelyTokens(measured, promptTokensMax);
  const tokensLeft = call.budget.tokensLeft - (keepsLastWords(call) ? tokensKeptBack(likely) : 0);
  const requestCap = Math.min(limits.requestTokens, spec.contextTokens) - keptFree(call, limits);
  const cap = Math.min(requestCap, tokensLeft);
  const longest = Math.min(request.replyTokensMax, spec.replyTokensMax);
  if (promptTokensMax + longest <= cap) {
    return { promptTokensMax, promptTokens: likely, replyTokensMax: longest };
  }
  const counted = await deps.model.countTokens(request, attempt.signal);
  const promptTokens = Math.min(promptTokensMax, counted);
  const replyTokensMax = Math.min(longest, cap - promptTokens);
  // Where the conversation can be made shorter, a cut reply is no choice.
  const mayShorten = keepsSummary(call) && cap < tokensLeft;
  if (replyTokensMax >= Math.min(longest, mayShorten ? longest : USEFUL_REPLY_TOKENS)) {
    return { promptTokensMax, promptTokens: likely, replyTokensMax };
  }
  return denied(
    measured,
    { why: "size", limit: cap === tokensLeft ? "tokens" : "request_tokens" },
    `the next call would read ${promptTokens} tokens, and ${cap} are allowed with its reply`,
  );
}

/** Before the first reply there is nothing to sum up. */
export function keepsLastWords({ budget, headTokens }: ModelCall): boolean {
  return budget.keepsFor.includes("wrap_up") && headTokens > 0;
}

function keepsSummary({ budget }: ModelCall): boolean {
  return budget.keepsFor.includes("summary");
}

function keptFree(call: ModelCall, limits: Limits): number {
  return keepsSummary(call) ? roomForSummary(limits) : 0;
}

/** Bytes say little of a long prompt; what another model counted says nothing that could be relied on. */
async function likelyTokens(
  { deps, attempt: { signal }, call, request }: Measured,
  promptTokensMax: number,
): Promise<number> {
  if (call.course.weighedBy === undefined || !keepsLastWords(call)) return promptTokensMax;
  try {
    return Math.min(promptTokensMax, await deps.model.countTokens(request, signal));
  } catch {
    signal.throwIfAborted();
    return promptTokensMax;
  }
}

/** After the first reply most of the prompt has been weighed by the model itself; others count otherwise. */
function boundOf({ deps, call, request, conversation: { added, messages } }: Measured): number {
  if (call.headTokens === 0 || call.course.weighedBy !== undefined) {
    const bytes = deps.model.promptBytes(request, messages);
    return bytes + messages.length * FRAMING_TOKENS + specOf(request.model).toolPromptTokensMax;
  }
  const addedBytes = Buffer.byteLength(JSON.stringify(added));
  return call.headTokens + addedBytes + added.length * FRAMING_TOKENS;
}
