// Output that is too large to be held: a tool writes it piece by piece, and it goes to the store as it comes. The model
// sees its beginning, as of any long result, and reads on with read_result.
//
//   X7. What is kept is what the model would have been shown: spelled out, and without the worker's secrets, also
//       where one lies across two pieces.

import type { Scrub } from "../../src/domain/scrub.ts";
import { TEXT_BYTES_MAX, type StreamedOutput } from "./tool-output.ts";
import { visibleText } from "./visible-text.ts";

/** Where it is kept. `append` may be slow: then the tool waits. */
export interface OutputStore {
  readonly ref: string;
  append(text: string): Promise<void>;
  /** All is there. */
  close(): Promise<void>;
}

/** The longest secret, in its longest form, is shorter. */
const HELD_BACK_CHARS = 8 * 1024;

export class OutputStream {
  readonly #store: OutputStore;
  #scrub: Scrub = (text) => text;
  /** The beginning of a character, or of the end of a line. */
  #half = "";
  /** What is not surely free of secrets yet. */
  #pending = "";
  #head = "";
  #bytes = 0;
  #isLost = false;
  readonly #onLoss: (error: unknown) => void;

  constructor(store: OutputStore, onLoss: (error: unknown) => void) {
    this.#store = store;
    this.#onLoss = onLoss;
  }

  /** Asks nothing of the value, which may be a trap. */
  static isOne(value: unknown): value is OutputStream {
    return typeof value === "object" && value !== null && #store in value;
  }

  /** Resolves when it may go on. */
  async write(text: string): Promise<void> {
    const raw = this.#half + text;
    // What it is, the next piece says.
    const whole = raw.length - (/[\r\uD800-\uDBFF]$/.test(raw) ? 1 : 0);
    this.#half = raw.slice(whole);
    this.#pending = this.#scrub(this.#pending + visibleText(raw.slice(0, whole)));
    if (this.#pending.length < 2 * HELD_BACK_CHARS) return;
    const cut = wholeUpTo(this.#pending, this.#pending.length - HELD_BACK_CHARS);
    const free = this.#pending.slice(0, cut);
    this.#pending = this.#pending.slice(cut);
    await this.#keep(free);
  }

  /** Before anything is written. */
  through(scrub: Scrub): this {
    this.#scrub = scrub;
    return this;
  }

  /** The beginning, the size of all, and where all of it is; null where nothing more is kept than the beginning. */
  async finish(): Promise<StreamedOutput> {
    const rest = this.#scrub(this.#pending + visibleText(this.#half));
    this.#pending = "";
    this.#half = "";
    await this.#keep(rest);
    const isShort = this.#bytes <= TEXT_BYTES_MAX;
    if (!isShort && !this.#isLost) await this.#try(() => this.#store.close());
    const ref = isShort || this.#isLost ? null : this.#store.ref;
    return { head: this.#head, bytes: this.#bytes, ref };
  }

  async #keep(text: string): Promise<void> {
    this.#bytes += Buffer.byteLength(text);
    const room = TEXT_BYTES_MAX - this.#head.length;
    if (room > 0) this.#head += text.slice(0, wholeUpTo(text, room));
    if (!this.#isLost) await this.#try(() => this.#store.append(text));
  }

  /** An answer is worth more than its rest. */
  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#isLost = true;
      this.#onLoss(error);
    }
  }
}

/** At most so many units, and no character cut in two. */
function wholeUpTo(text: string, units: number): number {
  if (units >= text.length) return text.length;
  const last = text.charCodeAt(units - 1);
  return last >= 0xd800 && last <= 0xdbff ? units - 1 : units;
}
