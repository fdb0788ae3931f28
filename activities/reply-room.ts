// How much a call may ask for: the longest prompt it can turn out to be, and the longest reply that
// the token limits leave room for. A token is never shorter than a byte, so bytes bound the prompt;
// only where that bound would refuse a call is the provider asked to count, which is free.

import { roomForSummary, summaryTokensMax, tokensKeptBack } from "../src/domain/kept-back.ts";
import { USEFUL_REPLY_TOKENS, type Limits } from "../src/domain/limits.ts";
import { isSummary, type CallModelInput, type Denial } from "../src/domain/run.ts";
import { specOf } from "../src/domain/pricing.ts";
import type { Model, ModelRequest } from "../src/model/model.ts";
import type { Conversation } from "./conversation.ts";

/** What the API may put around each message. */
const FRAMING_TOKENS = 16;

export interface Room {
  /** The prompt weighs at most this, whatever the tokenizer. */
  readonly promptTokensMax: number;
  /** What it weighs by all that is known. Holds rest on the bound, what is kept back on this. */
  readonly promptTokens: number;
  readonly replyTokensMax: number;
}

export async function roomFor(
  model: Model,
  request: ModelRequest,
  { input, conversation, signal }: Asked,
): Promise<Room | Denial> {
  const spec = specOf(request.model);
  const promptTokensMax = boundOf(model, request, input, conversation);
  const { limits } = conversation.snapshot;
  const likely = await likelyTokens(model, request, { input, signal, promptTokensMax });
  const tokensLeft = input.tokensLeft - (keepsBack(input) ? tokensKeptBack(likely) : 0);
  const requestCap = Math.min(limits.requestTokens, spec.contextTokens) - keptFree(input, limits);
  const cap = Math.min(requestCap, tokensLeft);
  const longest = Math.min(
    replyTokensFor(input, limits),
    request.replyTokensMax,
    spec.replyTokensMax,
  );
  if (promptTokensMax + longest <= cap) {
    return { promptTokensMax, promptTokens: likely, replyTokensMax: longest };
  }
  const promptTokens = Math.min(promptTokensMax, await model.countTokens(request, signal));
  const replyTokensMax = Math.min(longest, cap - promptTokens);
  // Where the conversation can be made shorter, a cut reply is no choice.
  const mayShorten = input.compaction === "kept_back" && cap < tokensLeft;
  if (replyTokensMax >= Math.min(longest, mayShorten ? longest : USEFUL_REPLY_TOKENS)) {
    return { promptTokensMax, promptTokens: likely, replyTokensMax };
  }
  return {
    kind: "denied",
    limit: cap === tokensLeft ? "tokens" : "request_tokens",
    message: `the next call would read ${promptTokens} tokens, and ${cap} are allowed with its reply`,
    temporary: false,
    resetsAt: null,
    crashTaxMicroUsd: 0,
  };
}

/** Bytes say little of a long prompt; what another model counted says nothing that could be relied on. */
async function likelyTokens(
  model: Model,
  request: ModelRequest,
  { input, signal, promptTokensMax }: Likely,
): Promise<number> {
  if (input.course?.weighedBy === undefined || !keepsBack(input)) return promptTokensMax;
  try {
    return Math.min(promptTokensMax, await model.countTokens(request, signal));
  } catch {
    signal.throwIfAborted();
    return promptTokensMax;
  }
}

function keptFree({ compaction }: CallModelInput, limits: Limits): number {
  return compaction === "kept_back" ? roomForSummary(limits) : 0;
}

function replyTokensFor(input: CallModelInput, limits: Limits): number {
  return isSummary(input) ? summaryTokensMax(limits) : limits.replyTokens;
}

/** Before the first reply there is nothing to sum up. */
export function keepsBack({ wrapUp, headTokens }: CallModelInput): boolean {
  return wrapUp === "kept_back" && headTokens > 0;
}

interface Likely {
  readonly input: CallModelInput;
  readonly signal: AbortSignal;
  readonly promptTokensMax: number;
}

interface Asked {
  readonly input: CallModelInput;
  readonly conversation: Conversation;
  readonly signal: AbortSignal;
}

/** After the first reply most of the prompt has been weighed by the model itself; others count otherwise. */
function boundOf(
  model: Model,
  request: ModelRequest,
  input: CallModelInput,
  { added, messages }: Conversation,
): number {
  const { toolPromptTokensMax } = specOf(request.model);
  if (input.headTokens === 0 || input.course?.weighedBy !== undefined) {
    return (
      model.promptBytes(request, messages) + messages.length * FRAMING_TOKENS + toolPromptTokensMax
    );
  }
  const addedBytes = Buffer.byteLength(JSON.stringify(added));
  return input.headTokens + addedBytes + added.length * FRAMING_TOKENS;
}
