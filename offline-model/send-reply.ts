// Sends a reply, well or badly: faults of the connection are here, those of a stream in stream-faults.ts.
// D1 The bill is written before the last byte (`meter.settle` precedes `message_stop`).
// D2 A stream that ends early, whoever ended it, is billed for what had been sent.

import { ApiError } from "./api-error.ts";
import type { Delivery } from "./delivery.ts";
import { lied, written } from "./lies.ts";
import { isStreamFault, type Fault } from "./faults.ts";
import { closed, pause, write } from "./stream-bytes.ts";
import { strikes } from "./stream-faults.ts";
import { eventsOf, messageJson, type UsageFilter, type WireEvent } from "./wire.ts";

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
  const striking = fault !== undefined && isStreamFault(fault) ? fault : undefined;
  let sent = 0;
  const filter = usageFilter(fault);
  const events = eventsOf(reply, plan, { filter, chunkChars: pace.chunkChars });
  for (const event of fault?.kind === "lie" ? lied(fault.how, events) : events) {
    if (exchange.gone.aborted) return;
    if (striking !== undefined && (await strikes(delivery, striking, { next: event, sent })))
      return;
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

async function send(delivery: Delivery, event: WireEvent): Promise<void> {
  const { exchange, meter, plan, reply, sent } = delivery;
  if (event.name === "message_start") plan.commit();
  if (event.name === "message_stop") meter.settle("complete", reply);
  else meter.advance(event.progress);
  sent(event);
  await write(exchange, written(event));
}

function usageFilter(fault: Fault | undefined): UsageFilter {
  if (fault?.kind !== "usage") return (usage) => usage;
  if (fault.mode === "missing") return () => undefined;
  return (usage) => ({ ...usage, ...fault.says });
}
