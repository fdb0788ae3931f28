// The prompt is laid out for the provider's cache: tools, instructions, history, each only ever grown at
// its end, with the automatic breakpoint at the last block. From a breakpoint the provider looks back
// 20 blocks for what it knows. A turn with many parallel calls adds more than that and would read
// nothing from the cache, so it gets a second breakpoint where the request before it ended; where models
// take turns, the last one that this model was sent.

import type { Message } from "../domain/message.ts";

const LOOKBACK_BLOCKS = 20;

export interface Mark {
  readonly type: "ephemeral";
  readonly ttl?: "1h";
}

/** All marks of a request are of one kind: an hour's must not stand behind one of five minutes. */
export function markFor(ttl: "1h" | undefined): Mark {
  return ttl === undefined ? { type: "ephemeral" } : { type: "ephemeral", ttl };
}

/** A mark is no part of what it stands on: neither thinking nor the cache is bound to it. */
export function withBreakpoint(
  messages: readonly Message[],
  mark: Mark,
  ownReplyAt?: number,
): readonly Message[] {
  const reply = ownReplyAt ?? messages.findLastIndex(({ role }) => role === "assistant");
  const asked = messages[reply - 1];
  if (asked === undefined || asked.role === "assistant") return messages;
  const added = messages.slice(reply).reduce((sum, { content }) => sum + content.length, 0);
  return added < LOOKBACK_BLOCKS ? messages : messages.with(reply - 1, marked(asked, mark));
}

function marked({ role, content }: Message, mark: Mark): Message {
  const last = content.at(-1);
  if (last === undefined) return { role, content };
  return { role, content: [...content.slice(0, -1), { ...last, cache_control: mark }] };
}
