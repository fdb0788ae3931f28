// How much a call may ask for: the longest prompt it can turn out to be, and the longest reply that
// the token limits leave room for. A token is never shorter than a byte, so bytes bound the prompt;
// only where that bound would refuse a call, or leave it too little, is the provider asked to count,
// which is free but takes its time.

import type { Denial, ModelCall } from "../../src/domain/call.ts";
import { roomForSummary, tokensKeptBack } from "../../src/domain/kept-back.ts";
import { USEFUL_REPLY_TOKENS, type Limits } from "../../src/domain/limits.ts";
import type { PreparedCall, Room } from "./call-attempt.ts";
import { denied } from "./denial.ts";
import { limitsOfCall } from "./purposes.ts";
import { specOfCall } from "./run-models.ts";

/** What the API may put around each message. */
const FRAMING_TOKENS = 16;

/** The provider calls its count an estimate, from which what is billed may differ by a little. */
const COUNT_MARGIN_SHARE = 0.05;
const COUNT_MARGIN_TOKENS = 64;

type Measured = Omit<PreparedCall, "room">;

export async function roomFor(measured: Measured): Promise<Room | Denial> {
  const { call, conversation, request } = measured;
  const limits = limitsOfCall(call, conversation.snapshot);
  const spec = specOfCall(measured);
  const promptTokensMax = promptBoundOf(measured);
  const likely = await likelyTokens(measured, promptTokensMax);
  const tokensLeft = call.budget.tokensLeft - (keepsLastWords(call) ? tokensKeptBack(likely) : 0);
  const requestCap = Math.min(limits.requestTokens, spec.contextTokens) - keptFree(call, limits);
  const cap = Math.min(requestCap, tokensLeft);
  const longest = Math.min(request.replyTokensMax, spec.replyTokensMax);
  if (promptTokensMax + longest <= cap) {
    return { promptTokensMax, isCounted: false, promptTokens: likely, replyTokensMax: longest };
  }
  const counted = await countOf(measured);
  const guess = counted ?? guessOf(call, promptTokensMax, tokensLeft);
  const promptTokens = Math.min(promptTokensMax, guess);
  const replyTokensMax = Math.min(longest, cap - promptTokens);
  // Where the conversation can be made shorter, a cut reply is no choice.
  const mayShorten = keepsSummary(call) && cap < tokensLeft;
  if (replyTokensMax >= Math.min(longest, mayShorten ? longest : USEFUL_REPLY_TOKENS)) {
    const bound =
      counted === null ? promptTokensMax : Math.min(promptTokensMax, withMargin(promptTokens));
    const weighs = Math.min(likely, bound);
    return { promptTokensMax: bound, isCounted: true, promptTokens: weighs, replyTokensMax };
  }
  const limit = cap === tokensLeft ? "tokens" : "request_tokens";
  const isLast = limit === "tokens" && call.budget.tokensLeft < promptTokens + USEFUL_REPLY_TOKENS;
  return denied(
    measured,
    { why: "size", limit, ...(isLast ? ({ leavesNothing: true } as const) : {}) },
    `the next call would read ${promptTokens} tokens, and ${Math.max(0, cap)} are allowed with its reply`,
  );
}

/** The room by the provider's own count, which is asked for once; not every endpoint has one. */
export async function countedRoom(prepared: PreparedCall): Promise<Room> {
  const { room, attempt } = prepared;
  try {
    const count = await countOf(prepared);
    if (count === null) return { ...room, isCounted: true };
    const counted = withMargin(count);
    const promptTokensMax = Math.min(room.promptTokensMax, counted);
    const promptTokens = Math.min(room.promptTokens, counted);
    return { ...room, promptTokensMax, promptTokens, isCounted: true };
  } catch {
    attempt.signal.throwIfAborted();
    return { ...room, isCounted: true };
  }
}

/** Of English text and JSON; the bound takes a byte for one. */
const BYTES_PER_TOKEN = 3;

/**
 * Where nobody counts: whether the prompt is too long for a request, the server itself will say. What the run may
 * still use nobody else knows, so there the bound holds.
 */
function guessOf(call: ModelCall, promptTokensMax: number, tokensLeft: number): number {
  if (promptTokensMax + USEFUL_REPLY_TOKENS > tokensLeft) return promptTokensMax;
  const weighed = call.course.weighedBy === undefined ? call.headTokens : 0;
  return weighed + Math.ceil((promptTokensMax - weighed) / BYTES_PER_TOKEN);
}

/** Null where the server has no such endpoint. */
async function countOf({ deps, attempt, request }: Measured): Promise<number | null> {
  return await deps.model.countTokens(request, attempt.signal);
}

function withMargin(counted: number): number {
  return counted + Math.ceil(counted * COUNT_MARGIN_SHARE) + COUNT_MARGIN_TOKENS;
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
async function likelyTokens(measured: Measured, promptTokensMax: number): Promise<number> {
  const { call, attempt } = measured;
  if (call.course.weighedBy === undefined || !keepsLastWords(call)) return promptTokensMax;
  try {
    return Math.min(promptTokensMax, (await countOf(measured)) ?? promptTokensMax);
  } catch {
    attempt.signal.throwIfAborted();
    return promptTokensMax;
  }
}

/** After the first reply most of the prompt has been weighed by the model itself; others count otherwise. */
export function promptBoundOf(measured: Measured): number {
  const { deps, call, request } = measured;
  if (call.headTokens === 0 || call.course.weighedBy !== undefined) {
    const framing = request.messages.length * FRAMING_TOKENS;
    const bytes = deps.model.promptBytes(request);
    return bytes + framing + specOfCall(measured).toolPromptTokensMax;
  }
  const { added } = measured.conversation;
  const addedBytes = Buffer.byteLength(JSON.stringify(added));
  return call.headTokens + addedBytes + added.length * FRAMING_TOKENS;
}
