// A provider that lies about what a reply used, one way for each way that was seen or thought of. The exchange is
// fine and the bill stays true; what goes over the wire is not. A client must not believe any of it.

import { sse } from "./stream-bytes.ts";
import type { WireEvent } from "./wire.ts";

export const LIES = [
  // What is no count at all.
  "negative",
  "fraction",
  "text",
  "null",
  "missing",
  "infinite",
  "unsafe_integer",
  "no_model",
  // Names.
  "cheaper_model",
  "model_named_proto",
  // Counts that fall, or hide.
  "input_falls",
  "output_falls",
  "hidden_cache_writes",
  "no_tokens",
  "no_output_tokens",
  "one_token",
  "silent_refusal",
  // Counts that no answer to the request can have.
  "vast_input",
  "vast_output",
  "vast_searches",
  // A stream out of order.
  "second_start",
  "text_after_stop",
  "usage_after_stop",
] as const;

export type Lie = (typeof LIES)[number];

type Fields = Readonly<Record<string, unknown>>;

const VAST = 50_000_000;
/** In the text of the wire, since no number of ours can be written as it. */
const INFINITE = "«infinite»";

/** The events of a true stream, as this provider tells them. */
export function* lied(lie: Lie, events: Iterable<WireEvent>): Generator<WireEvent> {
  for (const event of events) {
    const told = withUsage(lie, event);
    switch (event.name) {
      case "message_start":
        yield* atStart(lie, told);
        break;
      case "message_delta":
        yield* atDelta(lie, told);
        break;
      case "message_stop":
        yield* atStop(lie, told);
        break;
      default:
        if (lie !== "silent_refusal" || event.name === "ping") yield told;
    }
  }
}

/** As it goes over the wire. */
export function written({ name, data }: WireEvent): string {
  return sse(name, data).replaceAll(`"${INFINITE}"`, "1e400");
}

function* atStart(lie: Lie, event: WireEvent): Generator<WireEvent> {
  const message = fieldsOf(event.data["message"]);
  const named = (model: unknown): WireEvent => ({
    ...event,
    data: { ...event.data, message: { ...message, model } },
  });
  if (lie === "no_model") yield named(undefined);
  else if (lie === "cheaper_model") yield named("claude-haiku-5-5");
  else if (lie === "model_named_proto") yield named("__proto__");
  else yield event;
  if (lie !== "second_start") return;
  const usage = { input_tokens: 1, output_tokens: 1 };
  const second = { ...message, model: "claude-haiku-5-5", usage };
  yield { ...event, data: { ...event.data, message: second } };
}

function* atStop(lie: Lie, event: WireEvent): Generator<WireEvent> {
  yield event;
  if (lie === "text_after_stop") {
    const delta = { type: "text_delta", text: "And one thing more." };
    yield { ...event, name: "content_block_delta", data: deltaAt(0, delta) };
  }
  if (lie === "usage_after_stop") {
    const usage = { input_tokens: 90_000, output_tokens: VAST };
    yield { ...event, name: "message_delta", data: { type: "message_delta", delta: {}, usage } };
  }
}

function* atDelta(lie: Lie, event: WireEvent): Generator<WireEvent> {
  const { delta } = event.data;
  if (lie === "silent_refusal") {
    const refusal = { ...fieldsOf(delta), stop_reason: "refusal" };
    yield { ...event, data: { ...event.data, delta: refusal } };
    return;
  }
  yield event;
  if (lie !== "output_falls") return;
  yield { ...event, data: { type: "message_delta", delta, usage: { output_tokens: 1 } } };
}

function withUsage(lie: Lie, event: WireEvent): WireEvent {
  if (event.name === "message_delta") {
    const usage = finalLie(lie, fieldsOf(event.data["usage"]));
    return { ...event, data: { ...event.data, usage } };
  }
  if (event.name !== "message_start") return event;
  const message = fieldsOf(event.data["message"]);
  const usage = startLie(lie, fieldsOf(message["usage"]));
  return { ...event, data: { ...event.data, message: { ...message, usage } } };
}

const NOTHING = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_creation: null,
};

function startLie(lie: Lie, usage: Fields): Fields | undefined {
  if (lie === "missing") return undefined;
  if (lie === "no_tokens") return NOTHING;
  if (lie === "one_token") return { ...NOTHING, input_tokens: 1, output_tokens: 1 };
  if (lie === "null") return { input_tokens: null, output_tokens: null };
  if (lie !== "hidden_cache_writes") return usage;
  const parts = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 };
  return { ...usage, cache_creation: parts };
}

const FINAL: Readonly<Partial<Record<Lie, Fields>>> = {
  negative: { output_tokens: -1 },
  fraction: { output_tokens: 1.5 },
  text: { output_tokens: "many" },
  infinite: { output_tokens: INFINITE },
  unsafe_integer: { output_tokens: Number.MAX_SAFE_INTEGER + 1 },
  null: { input_tokens: null, output_tokens: null },
  input_falls: { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
  no_tokens: NOTHING,
  no_output_tokens: { output_tokens: 0 },
  one_token: { ...NOTHING, input_tokens: 1, output_tokens: 1 },
  vast_input: { input_tokens: VAST },
  vast_output: { output_tokens: VAST },
  vast_searches: { server_tool_use: { web_search_requests: 1_000_000 } },
};

function finalLie(lie: Lie, usage: Fields): Fields | undefined {
  return lie === "missing" ? undefined : { ...usage, ...FINAL[lie] };
}

function deltaAt(index: number, delta: Fields): Fields {
  return { type: "content_block_delta", index, delta };
}

function fieldsOf(value: unknown): Fields {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an event of ours
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
