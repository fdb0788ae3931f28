// Faults in the middle of a stream, each at its moment.

import { ApiError, errorBody } from "./api-error.ts";
import type { Delivery } from "./delivery.ts";
import type { StreamFault } from "./faults.ts";
import { closed, pause, sse, write } from "./stream-bytes.ts";
import { textTokens } from "./tokens.ts";
import { unreachable } from "./unreachable.ts";
import type { WireEvent } from "./wire.ts";

export interface StreamMoment {
  /** The event that would be sent now, after `sent` others. */
  readonly next: WireEvent;
  readonly sent: number;
}

/** Lets the fault happen if its moment has come; true when the stream is over with it. */
export async function strikes(
  delivery: Delivery,
  fault: StreamFault,
  { next, sent }: StreamMoment,
): Promise<boolean> {
  if (fault.kind === "truncate") return truncated(delivery, fault.where, next);
  if (sent < firstStrike(fault)) return false;
  const { exchange } = delivery;
  switch (fault.kind) {
    case "hold":
      if (sent === fault.afterEvents && sent > 0) await delivery.hold();
      return exchange.gone.aborted;
    case "unknown_event":
      if (sent === 1) await write(exchange, sse("future_event", { type: "future_event", new: 1 }));
      return false;
    case "stall":
    case "silent":
      return stalled(delivery);
    case "ping_drip":
      return drip(delivery, fault.everyMs, () => sse("ping", { type: "ping" }));
    case "content_drip":
      return dripContent(delivery, fault.everyMs);
    case "stream_error":
      return broken(delivery, fault);
    default:
      return unreachable(fault);
  }
}

/** How many events go out first; at least the start, which tells the client what it pays for. */
function firstStrike(fault: StreamFault): number {
  return "afterEvents" in fault ? fault.afterEvents : 1;
}

async function stalled({ exchange }: Delivery): Promise<true> {
  await closed(exchange);
  return true;
}

async function broken({ exchange, meter }: Delivery, fault: StreamError): Promise<true> {
  meter.settle("aborted");
  const error = new ApiError(529, fault.errorType, fault.message);
  const said = fault.shape === "api" ? errorBody(error, exchange.requestId) : shaped(fault);
  await write(exchange, sse("error", said));
  exchange.res.end();
  return true;
}

type StreamError = Extract<StreamFault, { kind: "stream_error" }>;

function shaped({ shape, errorType: type, message }: StreamError): object {
  switch (shape) {
    case "bare":
      return { code: 500, message, type: "server_error" };
    case "text":
      return { error: message };
    default:
      return { error: { type, message } };
  }
}

async function truncated(
  { exchange, meter }: Delivery,
  where: Extract<StreamFault, { kind: "truncate" }>["where"],
  next: WireEvent,
): Promise<boolean> {
  const at = where === "before_stop" ? "message_stop" : "content_block_delta";
  if (next.name !== at) return false;
  meter.settle("aborted");
  if (where === "mid_event") {
    const bytes = Buffer.from(sse(next.name, next.data));
    await write(exchange, bytes.subarray(0, bytes.length / 2));
  } else if (where === "mid_utf8") {
    const delta = { type: "text_delta", text: "°" };
    const bytes = Buffer.from(sse(next.name, { ...next.data, delta }));
    await write(exchange, bytes.subarray(0, bytes.indexOf("°") + 1));
  }
  exchange.res.end();
  return true;
}

async function drip(
  { exchange }: Delivery,
  everyMs: number,
  bytes: () => string | undefined,
): Promise<true> {
  while (!exchange.gone.aborted) {
    await pause(exchange, everyMs);
    const next = bytes();
    if (next === undefined) break;
    await write(exchange, next);
  }
  return true;
}

/** One character at a time until the client gives up or `max_tokens` is reached. */
async function dripContent(delivery: Delivery, everyMs: number): Promise<true> {
  const { exchange, meter, maxTokens } = delivery;
  const start = { index: 0, content_block: { type: "text", text: "" } };
  await write(exchange, sse("content_block_start", { type: "content_block_start", ...start }));
  let text = "";
  await drip(delivery, everyMs, () => {
    if (textTokens(`${text}.`) > maxTokens) return undefined;
    text += ".";
    meter.advance({ outputTokens: textTokens(text), searchTokens: 0, webSearchRequests: 0 });
    const delta = { index: 0, delta: { type: "text_delta", text: "." } };
    return sse("content_block_delta", { type: "content_block_delta", ...delta });
  });
  meter.settle("aborted");
  exchange.res.end();
  return true;
}
