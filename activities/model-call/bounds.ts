// What the answer to a call can come to at most, as it was asked and held: what the provider says it came to is
// measured by it.

import type { Bounds } from "../../src/domain/charge.ts";
import { charsOf } from "../../src/domain/message.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import type { Held } from "../../src/store/ledger.ts";
import type { CallAttempt, Conversation, PreparedCall } from "./call-attempt.ts";
import { modelsOf } from "./run-models.ts";

type HeldFor = Pick<Held, "heldMicroUsd" | "replyTokens">;

export function boundsOf(
  at: CallAttempt & { readonly conversation: Conversation },
  request: ModelRequest,
  { promptTokensMax }: Pick<PreparedCall["room"], "promptTokensMax">,
  { heldMicroUsd, replyTokens }: HeldFor,
): Bounds {
  return {
    models: modelsOf(at),
    model: request.model,
    lane: at.call.lane,
    promptTokensMax,
    promptChars: promptCharsOf(request),
    replyTokensMax: replyTokens,
    webSearchesMax: searchesMax(request),
    heldMicroUsd,
  };
}

export function searchesMax({ serverTools, toolsOff }: ModelRequest): number {
  if (toolsOff === true) return 0;
  return serverTools.reduce((sum, tool) => sum + tool.max_uses, 0);
}

function promptCharsOf({ instructions, messages }: ModelRequest): number {
  return messages.reduce((sum, message) => sum + charsOf(message), instructions.length);
}
