// The events of a reply as they lie on the wire, and an error in whatever shape in its place. An event is known
// by its data, so a stream that leaves its name out is read as well.

import { Stream } from "@anthropic-ai/sdk/streaming";
import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { isErrorData, streamedError } from "./streamed-error.ts";

export async function* eventsIn(response: Response): AsyncGenerator<RawMessageStreamEvent> {
  for await (const { event, data } of Stream.rawEvents(response)) {
    if (event === "ping" || data === "") continue;
    if (event === "error") throw streamedError(jsonOr(data));
    // A name says that it is one of the API's, and those are JSON.
    const said: unknown = event === null ? jsonOr(data) : JSON.parse(data);
    const isEvent = isEventOf(said, event);
    if (!isEvent && isErrorData(said)) throw streamedError(said);
    if (!isEvent && event === null) continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- read by its type, and strictly
    yield said as RawMessageStreamEvent;
  }
}

const OF_REPLY = /^(message|content_block)_/;

/** By its name, or, where it has none, by what only events of a reply are called. */
function isEventOf(data: unknown, name: string | null): boolean {
  if (typeof data !== "object" || data === null || !("type" in data)) return false;
  const { type } = data;
  return typeof type === "string" && (type === name || OF_REPLY.test(type));
}

function jsonOr(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/**
 * llama.cpp's server leaves the first event out where the first token is but half a character, as of an emoji. Of what
 * such a reply says nothing is missing as long as its first block is there; what its prompt weighed it does not say.
 */
export async function* withHead(
  events: AsyncIterable<RawMessageStreamEvent>,
  model: string,
): AsyncGenerator<RawMessageStreamEvent> {
  let isFirst = true;
  for await (const event of events) {
    if (isFirst && event.type === "content_block_start" && event.index === 0) yield headOf(model);
    isFirst &&= !OF_REPLY.test(event.type);
    yield event;
  }
}

/** No token of a prompt that has some: such a reply is charged what was held for it. */
function headOf(model: string): RawMessageStreamEvent {
  const head = { type: "message_start", message: { model, usage: { input_tokens: 0 } } };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- read by its type, and strictly
  return head as unknown as RawMessageStreamEvent;
}
