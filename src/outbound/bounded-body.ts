// The body of an answer as it may be read: decoded, no longer than allowed (what is too much is never decoded, however
// small it was on the wire), and no later than the exchange's time.

import type { IncomingMessage } from "node:http";
import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { ExchangeClock } from "./exchange-clock.ts";
import { OutboundError } from "./outbound-error.ts";

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

export const ACCEPT_ENCODING = "gzip, deflate, br";

interface Bounds {
  readonly bytesMax: number | null;
  readonly clock: ExchangeClock;
}

/** Up to the limit it can be read; then it fails with an OutboundError of reason `size`. */
export function boundedBody(message: IncomingMessage, bounds: Bounds): ReadableStream<Uint8Array> {
  const pieces = piecesOf(decoded(message), bounds);
  const end = (): void => {
    message.destroy();
    bounds.clock.stop();
  };
  const stop = (): void => void message.destroy();
  bounds.clock.signal.addEventListener("abort", stop, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await pieces.next();
        if (piece.done !== true) return controller.enqueue(piece.value);
        controller.close();
      },
      cancel: end,
    },
    // What lies ready would be lost with the error that comes behind it.
    { highWaterMark: 0 },
  );
}

/** Throws where it is encoded in a way that was not asked for, or more than once. */
function decoded(message: IncomingMessage): Readable {
  const encoding = message.headers["content-encoding"]?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return message;
  if (!isKnown(encoding)) {
    message.destroy();
    throw new OutboundError("answer", "The answer is encoded in a way that can't be read.");
  }
  // What fails is told to whoever reads.
  return pipeline(message, DECODERS[encoding](), () => undefined);
}

function isKnown(encoding: string): encoding is keyof typeof DECODERS {
  return Object.hasOwn(DECODERS, encoding);
}

async function* piecesOf(
  source: Readable,
  { bytesMax, clock }: Bounds,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* within(source, bytesMax ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    clock.signal.throwIfAborted();
    if (error instanceof OutboundError) throw error;
    throw new OutboundError("answer", "The answer broke off, or could not be decoded.", {
      cause: error,
    });
  } finally {
    clock.stop();
  }
}

async function* within(
  source: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void> {
  let left = bytesMax;
  for await (const piece of source) {
    const good = new Uint8Array(piece.subarray(0, left));
    if (good.length > 0) yield good;
    left -= good.length;
    if (good.length < piece.length)
      throw new OutboundError("size", `The answer is longer than ${bytesMax} bytes.`);
  }
}
