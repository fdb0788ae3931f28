// One streamed call: from the request to its reply, or to an error that says how far it got. What it may have cost
// follows from that: whether the request left, whether a stream began, and what was counted by then.

import type { AsyncLocalStorage } from "node:async_hooks";
import { isText } from "../domain/message.ts";
import { Journey } from "./journey.ts";
import { toModelCallError } from "./map-error.ts";
import { CallAborted, type ModelCallError, type ModelReply, type ReplyListener } from "./model.ts";
import { Opening } from "./opening.ts";
import { rateLimitsIn } from "./rate-limit-headers.ts";
import { ReplyBuilder } from "./reply-builder.ts";
import { StreamClock, type StreamTimers } from "./stream-clock.ts";
import { eventsIn, withHead } from "./stream-events.ts";

/** What hears the bytes of a call that is under way. */
export interface Ears {
  readonly clock: StreamClock;
  readonly opening: Opening;
}

export interface Wire {
  /** Who is asked. */
  readonly model: string;
  /** One request; resolves with the headers of a success. */
  readonly send: (signal: AbortSignal) => Promise<Response>;
  /** Whose store the fetch of `send` finds. */
  readonly ears: AsyncLocalStorage<Ears>;
  readonly timers: StreamTimers;
  /** As it is asked for. */
  readonly cacheTtl: "5m" | "1h";
}

/** As the contract of `Model.call`. */
export async function replyTo(
  wire: Wire,
  listener: ReplyListener,
  signal: AbortSignal,
): Promise<ModelReply> {
  const clock = new StreamClock(wire.timers);
  const opening = new Opening();
  const journey = new Journey();
  const builder = new ReplyBuilder(wire.cacheTtl);
  const hangUp = new AbortController();
  let requestId: string | null = null;
  try {
    const sending = AbortSignal.any([signal, clock.signal, hangUp.signal]);
    const response = await journey.travel(() =>
      wire.ears.run({ clock, opening }, () => wire.send(sending)),
    );
    journey.answered();
    requestId = response.headers.get("request-id");
    const limits = rateLimitsIn(response.headers);
    if (limits !== null) listener.limits?.(limits);
    for await (const event of withHead(eventsIn(response), wire.model)) {
      opening.eventCame();
      clock.progressed();
      const seen = builder.take(event);
      if (seen !== null) listener.text(seen.text, seen.offset);
      listener.alive(builder.usage, builder.writing);
    }
    const streamed = builder.finish(requestId);
    if (streamed !== null) return streamed;
    // A stream that is aborted may end as if the reply were over.
    signal.throwIfAborted();
    clock.signal.throwIfAborted();
    const whole = opening.whole(response, { requestId, cacheTtl: wire.cacheTtl });
    if (whole === null) throw new Error("the stream ended before message_stop");
    tellWhole(whole, listener);
    return whole;
  } catch (error) {
    hangUp.abort();
    // What was complete by then is a reply.
    const complete = signal.aborted || clock.signal.aborted ? builder.finish(requestId) : null;
    if (complete !== null) return complete;
    if (signal.aborted) {
      throw new CallAborted(signal, builder.heard(requestId), journey.reached !== "nothing");
    }
    const why: unknown = clock.signal.aborted ? clock.signal.reason : error;
    throw placed(toModelCallError(why, journey.reached), journey, builder);
  } finally {
    clock.stop();
  }
}

/** What never left costs nothing, and what came in place of a reply at most the prompt. */
function placed(error: ModelCallError, journey: Journey, builder: ReplyBuilder): ModelCallError {
  if (journey.reached === "nothing") return error.with({ billing: "unsent" });
  const { model, usage: counted, blocks } = builder;
  const progress = model === "" ? null : { model, counted, blocks };
  const isPartOfReply = error.billing === "prompt" && blocks > 0;
  return error.with({ progress, ...(isPartOfReply && { billing: "unknown" as const }) });
}

/** To those who listen, the reply that did not come in pieces. */
function tellWhole({ message, usage }: ModelReply, listener: ReplyListener): void {
  let offset = 0;
  for (const block of message.content.filter(isText)) {
    listener.text(block.text, offset);
    offset += block.text.length;
  }
  listener.alive(usage, null);
}
