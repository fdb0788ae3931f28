// The time of one exchange, from the look for an address to the last byte: a server that sends a byte now and then
// holds nobody longer. Of a plain timer: the signals of AbortSignal.timeout and AbortSignal.any are held weakly.

import { OutboundError } from "./outbound-error.ts";

export class ExchangeClock {
  readonly #ending = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #follow = (): void => this.#ending.abort(this.#outer?.reason);

  constructor(timeoutMs: number | null, outer: AbortSignal | undefined) {
    outer?.throwIfAborted();
    this.#outer = outer;
    outer?.addEventListener("abort", this.#follow, { once: true });
    if (timeoutMs === null) return;
    this.#timer = setTimeout(() => {
      const message = `There was no whole answer within ${timeoutMs} ms.`;
      this.#ending.abort(new OutboundError("time", message));
    }, timeoutMs);
  }

  /** Aborts when the time is over, or the caller gives up. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#follow);
  }

  /** Rejects with the clock's reason, whatever becomes of `work`. */
  async limit<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    signal.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      const end = (): void => reject(signal.reason);
      signal.addEventListener("abort", end, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
    });
  }
}
