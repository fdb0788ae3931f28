// Four timers around one streamed reply, because the SDK has none once headers have arrived:
// first byte, idle (no byte at all), progress (nothing but pings), total. Whichever rings first
// aborts the request with a ModelCallError.
// A reply begins with its first event. Headers, comments and pings may come while the prompt is still read, for
// minutes on a small machine: only when the reply has begun do idle and progress take over from the first timer.

import { ModelCallError } from "./model.ts";

export interface StreamTimers {
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly progressMs: number;
  readonly totalMs: number;
}

/** No honest reply is this long; a provider that streams on for ever is cut off. */
const REPLY_BYTES_MAX = 32 * 1024 * 1024;

export class StreamClock {
  readonly #timers: StreamTimers;
  readonly #abort = new AbortController();
  readonly #total: NodeJS.Timeout;
  #silence: NodeJS.Timeout;
  #progress: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #bytes = 0;
  #stopped = false;

  constructor(timers: StreamTimers) {
    this.#timers = timers;
    const { firstByteMs, totalMs } = timers;
    this.#silence = this.#ringAfter(firstByteMs, `no event of a reply within ${firstByteMs} ms`);
    this.#total = this.#ringAfter(totalMs, `the reply took longer than ${totalMs} ms`);
  }

  /** Aborted with a ModelCallError as its reason. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Bytes arrived, be they pings. */
  heard(bytes: number): void {
    if (this.#stopped) return;
    this.#bytes += bytes;
    if (this.#hasBegun) this.#idle();
    if (this.#bytes > REPLY_BYTES_MAX) this.#ring(`the reply exceeds ${REPLY_BYTES_MAX} bytes`);
  }

  /** There is an answer that is no stream, such as a refusal: the rest of it is under way. */
  answered(): void {
    if (this.#stopped) return;
    this.#hasBegun = true;
    this.#idle();
  }

  /** The reply itself grew. */
  progressed(): void {
    if (this.#stopped) return;
    if (!this.#hasBegun) this.answered();
    clearTimeout(this.#progress);
    const { progressMs } = this.#timers;
    this.#progress = this.#ringAfter(progressMs, `nothing but pings for ${progressMs} ms`);
  }

  #idle(): void {
    clearTimeout(this.#silence);
    const { idleMs } = this.#timers;
    this.#silence = this.#ringAfter(idleMs, `the stream was silent for ${idleMs} ms`);
  }

  /** For good: bytes that are still under way start no timer again. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#progress);
    clearTimeout(this.#total);
  }

  #ringAfter(ms: number, message: string): NodeJS.Timeout {
    return setTimeout(() => this.#ring(message), ms);
  }

  #ring(message: string): void {
    this.stop();
    this.#abort.abort(new ModelCallError("PROVIDER_TIMEOUT", message, { billing: "unknown" }));
  }
}

interface Tap {
  readonly clock: StreamClock;
  readonly opening: { heard(chunk: Uint8Array): void };
}

/** A fetch whose response body reports every chunk, so that pings are heard that the SDK hides. */
export function tappedFetch({ clock, opening }: Tap, send: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    if (!response.ok) clock.answered();
    if (response.body === null) return response;
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        clock.heard(chunk.byteLength);
        opening.heard(chunk);
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(tap), response);
  };
}
