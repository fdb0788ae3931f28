// A call as a stream: what is written is shown at once, and a reply that the run stops is brought home as far
// as it was heard.

import { INTERRUPTED } from "../../src/domain/call.ts";
import { traitsOf } from "../../src/domain/purpose.ts";
import { promptTokens } from "../../src/domain/usage.ts";
import {
  CallAborted,
  type ModelReply,
  type ReplyHeard,
  type ReplyListener,
} from "../../src/model/model.ts";
import { firstByteMsOf } from "./first-byte.ts";
import { heardByGate } from "./gate-listener.ts";
import type { CallLane, HeldCall } from "./lane.ts";

export const liveLane: CallLane = {
  hasGate: true,
  async send(sent) {
    const { attempt } = sent;
    sent.deps.deltas.mark(attempt, { kind: "started" });
    try {
      return { kind: "replied", reply: await stream(sent) };
    } catch (error) {
      if (!(error instanceof CallAborted) || !attempt.isUnwanted()) throw error;
      const reply = stoppedReply(error.heard, sent);
      return reply === null ? { kind: "unheard", aborted: error } : { kind: "replied", reply };
    }
  },
};

async function stream(sent: HeldCall): Promise<ModelReply> {
  const { deps, attempt, call, request, held, letOut } = sent;
  const { deltas } = deps;
  const model = letOut === null ? deps.model : heardByGate(deps, letOut);
  const { isShown } = traitsOf(call.purpose);
  const listener: ReplyListener = {
    alive: (_usage, writing) =>
      isShown && writing !== null ? deltas.writing(attempt, writing) : undefined,
    text: (piece) => (isShown ? deltas.text(attempt, piece) : undefined),
  };
  const firstByteMs = firstByteMsOf(sent);
  const bounded = { ...request, replyTokensMax: held.replyTokens, firstByteMs };
  return await model.call(bounded, listener, attempt.signal);
}

/** All that the reply could have been counts as written: bounds on later prompts rest on it. */
function stoppedReply(heard: ReplyHeard | null, { room, held }: HeldCall): ModelReply | null {
  if (heard === null || heard.message.content.length === 0) return null;
  const isCounted = promptTokens(heard.usage) > 0;
  const usage = {
    ...heard.usage,
    ...(isCounted ? {} : { inputTokens: room.promptTokensMax }),
    outputTokens: held.replyTokens,
  };
  return { ...heard, usage, stopReason: INTERRUPTED, invalidCalls: [] };
}
