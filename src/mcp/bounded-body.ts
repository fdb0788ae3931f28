// What a server answers over HTTP, no more of it at once than a message may have, and no faster than a worker listens.

import { MESSAGE_BYTES_MAX, tooLargeText } from "./message-size.ts";
import { Throttle } from "./throttle.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Each of its answers passes here; they share one throttle. */
export function boundedFetch(send: typeof fetch): typeof fetch {
  const throttle = new Throttle();
  return async (input, init) => bounded(await send(input, init), throttle);
}

function bounded(response: Response, throttle: Throttle): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
  const parts = new MessageParts(isStream);
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        const messages = parts.count(chunk);
        if (parts.bytes > MESSAGE_BYTES_MAX) throw new Error(tooLargeText());
        controller.enqueue(chunk);
        const waitMs = throttle.take(chunk.length, messages);
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
      },
    }),
  );
  const copy = new Response(counted, { status, statusText, headers });
  // Who follows redirects asks where the answer came from.
  Object.defineProperty(copy, "url", { value: response.url });
  Object.defineProperty(copy, "redirected", { value: response.redirected });
  return copy;
}

/** Events of a stream end with an empty line; anything else is one message. */
class MessageParts {
  bytes = 0;
  readonly #isStream: boolean;
  #isLineEmpty = true;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** How many messages ended in it. */
  count(chunk: Uint8Array): number {
    if (!this.#isStream) {
      this.bytes += chunk.length;
      return 0;
    }
    let messages = 0;
    for (const byte of chunk) {
      this.bytes += 1;
      if (byte === LINE_FEED) {
        if (this.#isLineEmpty) {
          this.bytes = 0;
          messages += 1;
        }
        this.#isLineEmpty = true;
      } else if (byte !== CARRIAGE_RETURN) this.#isLineEmpty = false;
    }
    return messages;
  }
}
