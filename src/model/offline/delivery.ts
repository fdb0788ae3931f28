// Sends a reply, well or badly. Every fault of the connection and of the stream happens here.
// D1 The bill is written before the last byte (`meter.settle` precedes `message_stop`).
// D2 A stream that ends early, whoever ended it, is billed for what had been sent.

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, errorBody } from "./api-error.ts";
import type { CachePlan } from "./cache.ts";
import type { Exchange, Meter } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import type { Reply } from "./reply.ts";
import { textTokens } from "./tokens.ts";
import { eventsOf, messageJson, type UsageFilter, type WireEvent } from "./wire.ts";

export interface Pace {
  readonly chunkDelayMs: number;
  readonly chunkChars: number;
}

export interface Delivery {
  readonly exchange: Exchange;
  readonly reply: Reply;
  readonly plan: CachePlan;
  readonly meter: Meter;
  readonly fault: Fault | undefined;
  readonly pace: Pace;
  readonly maxTokens: number;
  /** Waits for `POST /admin/release`. */
  hold(): Promise<void>;
  sent(event: WireEvent): void;
}

const JSON_TYPE = { "content-type": "application/json" };
const SSE_TYPE = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
};

export async function deliverMessage(delivery: Delivery): Promise<void> {
  const { exchange, reply, plan, meter, fault } = delivery;
  const { res } = exchange;
  if (await failsBeforeHeaders(delivery)) return;
  const body = Buffer.from(JSON.stringify(messageJson(reply, plan, usageFilter(fault))));
  const isCut = fault?.kind === "truncate" || fault?.kind === "reset_after_headers";
  const isSilent = ["stall", "silent", "ping_drip", "content_drip"].includes(fault?.kind ?? "");
  if (fault?.kind === "stream_error") {
    throw new ApiError(529, fault.errorType, "Overloaded");
  }
  plan.commit();
  res.writeHead(200, { ...JSON_TYPE, "content-length": body.length });
  meter.advance(reply);
  if (isSilent) {
    res.flushHeaders();
    await closed(exchange);
  } else if (isCut) {
    await write(exchange, body.subarray(0, body.length / 2));
    meter.settle("aborted");
    res.destroy();
  } else {
    meter.settle("complete", reply);
    res.end(body);
  }
}

export async function deliverStream(delivery: Delivery): Promise<void> {
  const { exchange, reply, plan, fault, pace } = delivery;
  if (await failsBeforeHeaders(delivery)) return;
  exchange.res.writeHead(200, SSE_TYPE);
  exchange.res.flushHeaders();
  if (fault?.kind === "reset_after_headers") {
    delivery.meter.settle("aborted");
    exchange.res.destroy();
    return;
  }
  let sent = 0;
  const filter = usageFilter(fault);
  for (const event of eventsOf(reply, plan, { filter, chunkChars: pace.chunkChars })) {
    if (exchange.gone.aborted) return;
    if (await strikes(delivery, event, sent)) return;
    if (event.isPaced && pace.chunkDelayMs > 0) await pause(exchange, pace.chunkDelayMs);
    await send(delivery, event);
    sent += 1;
  }
  exchange.res.end();
}

async function failsBeforeHeaders({
  exchange,
  meter,
  fault,
  reply,
  hold,
}: Delivery): Promise<boolean> {
  const { res } = exchange;
  if (fault?.kind === "slow_first_byte") await pause(exchange, fault.delayMs);
  if (fault?.kind === "hold" && fault.afterEvents === 0) await hold();
  if (fault?.kind === "reset_before_headers") {
    meter.waive();
    res.destroy();
  }
  if (fault?.kind === "answer_lost") {
    meter.settle("lost", reply);
    res.destroy();
  }
  return exchange.gone.aborted || res.destroyed;
}

/** Lets the fault happen where its moment has come; true when the stream is over with it. */
async function strikes(delivery: Delivery, next: WireEvent, sent: number): Promise<boolean> {
  const { fault, exchange, meter, hold } = delivery;
  switch (fault?.kind) {
    case "hold":
      if (sent === fault.afterEvents && sent > 0) await hold();
      return exchange.gone.aborted;
    case "unknown_event":
      if (sent === 1)
        await write(exchange, sse("future_event", { type: "future_event", novelty: 1 }));
      return false;
    case "stall":
      if (sent < fault.afterEvents) return false;
      await closed(exchange);
      return true;
    case "silent":
      if (sent === 0) return false;
      await closed(exchange);
      return true;
    case "ping_drip":
      if (sent === 0) return false;
      await drip(delivery, fault.everyMs, () => sse("ping", { type: "ping" }));
      return true;
    case "content_drip":
      if (sent === 0) return false;
      await dripContent(delivery, fault.everyMs);
      return true;
    case "stream_error": {
      if (sent < fault.afterEvents) return false;
      const error = new ApiError(529, fault.errorType, "Overloaded");
      meter.settle("aborted");
      await write(exchange, sse("error", errorBody(error, exchange.requestId)));
      exchange.res.end();
      return true;
    }
    case "truncate":
      return truncated(delivery, fault.where, next);
    default:
      return false;
  }
}

async function truncated(
  { exchange, meter }: Delivery,
  where: "before_stop" | "mid_event" | "mid_utf8",
  next: WireEvent,
): Promise<boolean> {
  const isContent = next.name === "content_block_delta";
  if (where === "before_stop" ? next.name !== "message_stop" : !isContent) return false;
  const bytes = Buffer.from(
    where === "mid_utf8"
      ? sse(next.name, { ...next.data, delta: { type: "text_delta", text: "°" } })
      : sse(next.name, next.data),
  );
  meter.settle("aborted");
  if (where === "mid_event") await write(exchange, bytes.subarray(0, bytes.length / 2));
  if (where === "mid_utf8") await write(exchange, bytes.subarray(0, bytes.indexOf("°") + 1));
  exchange.res.end();
  return true;
}

async function send(delivery: Delivery, event: WireEvent): Promise<void> {
  const { exchange, meter, plan, reply, sent } = delivery;
  if (event.name === "message_start") plan.commit();
  if (event.name === "message_stop") meter.settle("complete", reply);
  else meter.advance(event.progress);
  sent(event);
  await write(exchange, sse(event.name, event.data));
}

async function drip(
  { exchange }: Delivery,
  everyMs: number,
  bytes: () => string | undefined,
): Promise<void> {
  while (!exchange.gone.aborted) {
    await pause(exchange, everyMs);
    const next = bytes();
    if (next === undefined) return;
    await write(exchange, next);
  }
}

/** One character at a time until the client gives up or `max_tokens` is reached. */
async function dripContent(delivery: Delivery, everyMs: number): Promise<void> {
  const { exchange, meter, maxTokens } = delivery;
  const block = { type: "text", text: "" };
  await write(
    exchange,
    sse("content_block_start", { type: "content_block_start", index: 0, content_block: block }),
  );
  let text = "";
  await drip(delivery, everyMs, () => {
    if (textTokens(`${text}.`) > maxTokens) return undefined;
    text += ".";
    meter.advance({ outputTokens: textTokens(text), searchTokens: 0, webSearchRequests: 0 });
    const delta = { type: "text_delta", text: "." };
    return sse("content_block_delta", { type: "content_block_delta", index: 0, delta });
  });
  meter.settle("aborted");
  exchange.res.end();
}

function usageFilter(fault: Fault | undefined): UsageFilter {
  if (fault?.kind !== "usage") return (usage) => usage;
  if (fault.mode === "missing") return () => undefined;
  return (usage) => ({ ...usage, ...fault.says });
}

function sse(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

async function write({ res, gone }: Exchange, bytes: string | Uint8Array): Promise<void> {
  if (gone.aborted || res.write(bytes)) return;
  await once(res, "drain", { signal: gone }).catch(() => undefined);
}

async function pause({ gone }: Exchange, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: gone }).catch(() => undefined);
}

function closed({ gone }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) resolve();
    else gone.addEventListener("abort", () => resolve(), { once: true });
  });
}
