// How much of a server's talk a worker listens to: a burst, and then so much a second. Who is faster is not cut off but
// made to wait, by not being read, so that a flood takes no more of the worker's time than that.

const BURST_BYTES = 32 * 1024 * 1024;
const BYTES_PER_SECOND = 8 * 1024 * 1024;
/** What reading a message costs, however short it is. */
const MESSAGE_COST_BYTES = 8 * 1024;

export class Throttle {
  #room = BURST_BYTES;
  #at: number;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#at = now();
  }

  /** For how many milliseconds nothing more is to be read. */
  take(bytes: number, messages: number): number {
    const now = this.#now();
    this.#room = Math.min(BURST_BYTES, this.#room + ((now - this.#at) * BYTES_PER_SECOND) / 1000);
    this.#at = now;
    this.#room -= Math.max(bytes, messages * MESSAGE_COST_BYTES);
    return this.#room >= 0 ? 0 : Math.ceil((-this.#room * 1000) / BYTES_PER_SECOND);
  }
}
