// Writes lines to where a log lies, and never throws, waits or grows: what the place refuses is dropped, what a slow
// reader has not taken yet is queued up to a bound, and each line that is lost is counted. When there is room again
// one line in the log says how many are missing and since when; meanwhile somebody is told once a minute.
//
//   Y2. The log never decides over life: no error of its place reaches whoever logs, and none makes them wait.

import { codeOf } from "../domain/error-code.ts";
import { troubleWords } from "../domain/file-trouble.ts";

/** A place that never lets anybody wait. */
export interface LinePlace {
  /** How many of the bytes it took. Throws as the operating system does: EAGAIN where it would have to wait. */
  write(bytes: Uint8Array): number;
  /** Bytes that lie there; 0 where nobody can say. */
  size(): number;
  /** True where the last line that lies there is half a line. */
  isMidLine(): boolean;
  /** Opens it again where that may help; false where it stays as it was opened. Throws where it can't be. */
  mend(code: string): boolean;
  /** Opens it again by its name. Throws where that can't be done, and then stays open as it was. */
  reopen(): void;
}

export interface LostLines {
  readonly lines: number;
  /** ISO 8601: when the first of them was said, */
  readonly from: string;
  /** and the last. */
  readonly until: string;
}

export type LogState =
  { readonly kind: "kept" } | ({ readonly kind: "losing"; readonly why: string } & LostLines);

export interface LineWriterTerms {
  /** The line of the log that says what is missing in it. */
  readonly tell: (lost: LostLines) => string;
  /** Somebody who does not read the log hears of it, once in `complainEveryMs`. */
  readonly complain: (why: string, lost: LostLines) => void;
  readonly queuedBytesMax?: number;
  readonly againMs?: number;
  readonly complainEveryMs?: number;
}

type State =
  | { readonly kind: "flowing" }
  /** The reader is slow. */
  | { readonly kind: "waiting" }
  /** So slow that lines are dropped, until it has taken those that wait. */
  | { readonly kind: "full" }
  | { readonly kind: "failing"; readonly code: string; readonly size: number };

interface Entry {
  rest: Uint8Array;
  /** Part of it lies in the place. */
  hasBegun: boolean;
  readonly of: "line" | "break" | LostLines;
}

const QUEUED_BYTES_MAX = 1 << 20;
const READER_AGAIN_MS = 50;
const PLACE_AGAIN_MS = 1000;
const COMPLAIN_EVERY_MS = 60_000;
const WOULD_WAIT: readonly string[] = ["EAGAIN", "EBUSY", "EWOULDBLOCK"];
const TOO_SLOW = "its reader is too slow";

export class LineWriter {
  readonly #place: LinePlace;
  readonly #terms: LineWriterTerms;
  #state: State = { kind: "flowing" };
  #queue: Entry[] = [];
  #queuedBytes = 0;
  /** What no line of the queue tells of. */
  #lost: LostLines | null = null;
  #complainedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(place: LinePlace, terms: LineWriterTerms) {
    this.#place = place;
    this.#terms = terms;
    this.#endHalfLine();
  }

  get state(): LogState {
    const lost = this.#lostInAll();
    if (this.#state.kind !== "failing" && lost === null) return { kind: "kept" };
    const now = new Date().toISOString();
    return { kind: "losing", why: this.#why(), ...(lost ?? { lines: 0, from: now, until: now }) };
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (!this.#takes(bytes.length)) return this.#lose("line");
    this.#push(bytes, "line");
    if (this.#state.kind === "flowing") this.#flush();
  }

  /** As after the file was renamed. Throws where it can't be, and then goes on where it was. */
  reopen(): void {
    this.#place.reopen();
    this.#dropBegun();
    this.#endHalfLine();
    this.#flush();
  }

  #takes(length: number): boolean {
    if (this.#state.kind === "flowing") return true;
    const { queuedBytesMax = QUEUED_BYTES_MAX } = this.#terms;
    if (this.#state.kind === "waiting" && this.#queuedBytes + length <= queuedBytesMax) return true;
    if (this.#state.kind === "waiting") this.#state = { kind: "full" };
    return false;
  }

  #push(rest: Uint8Array, of: Entry["of"]): void {
    this.#queue.push({ rest, hasBegun: false, of });
    this.#queuedBytes += rest.length;
  }

  #flush(): void {
    try {
      for (let entry = this.#next(); entry !== null; entry = this.#next()) {
        while (entry.rest.length > 0) this.#writeSome(entry);
        this.#queue.shift();
      }
      this.#flows();
    } catch (error) {
      this.#stalled(error);
    }
  }

  #flows(): void {
    if (this.#state.kind === "flowing") return;
    this.#state = { kind: "flowing" };
    process.removeListener("exit", this.#lastTry);
  }

  #next(): Entry | null {
    const lost = this.#lost;
    if (this.#queue.length === 0 && lost !== null) {
      this.#lost = null;
      this.#push(Buffer.from(this.#terms.tell(lost)), lost);
    }
    return this.#queue[0] ?? null;
  }

  #writeSome(entry: Entry): void {
    const taken = this.#place.write(entry.rest);
    if (taken === 0) throw Object.assign(new Error("it took nothing"), { code: "EAGAIN" });
    entry.rest = entry.rest.subarray(taken);
    entry.hasBegun = true;
    this.#queuedBytes -= taken;
  }

  #stalled(error: unknown): void {
    const code = codeOf(error) ?? String(error);
    if (WOULD_WAIT.includes(code)) {
      if (this.#state.kind !== "full") this.#state = { kind: "waiting" };
      return this.#again(READER_AGAIN_MS);
    }
    this.#state = { kind: "failing", code, size: this.#sizeNow() };
    const kept = this.#queue.filter(({ hasBegun }) => hasBegun);
    const dropped = this.#queue.filter(({ hasBegun }) => !hasBegun);
    this.#queue = kept;
    this.#queuedBytes = kept.reduce((sum, { rest }) => sum + rest.length, 0);
    for (const { of } of dropped) this.#lose(of);
    this.#again(this.#terms.againMs ?? PLACE_AGAIN_MS);
  }

  #again(inMs: number): void {
    if (this.#timer === null) this.#timer = setTimeout(() => this.#retry(), inMs).unref();
    if (!process.listeners("exit").includes(this.#lastTry)) process.on("exit", this.#lastTry);
  }

  #retry(): void {
    this.#timer = null;
    if (this.#state.kind !== "failing") return this.#flush();
    try {
      const isOther = this.#place.mend(this.#state.code);
      // Others wrote there, or it was emptied: the rest of our line would stand alone.
      if (isOther || this.#place.size() !== this.#state.size) {
        this.#dropBegun();
        this.#endHalfLine();
      }
    } catch (error) {
      return this.#stalled(error);
    }
    this.#flush();
  }

  readonly #lastTry = (): void => {
    this.#retry();
    if (this.#lost !== null) this.#terms.complain(this.#why(), this.#lost);
  };

  #dropBegun(): void {
    const [first] = this.#queue;
    if (first?.hasBegun !== true) return;
    this.#queue.shift();
    this.#queuedBytes -= first.rest.length;
    this.#lose(first.of);
  }

  /** Whatever stands in the last line, the next one is whole. */
  #endHalfLine(): void {
    if (!this.#place.isMidLine()) return;
    this.#queue.unshift({ rest: Buffer.from("\n"), hasBegun: false, of: "break" });
    this.#queuedBytes += 1;
  }

  #lose(what: Entry["of"]): void {
    if (what === "break") return;
    const now = new Date().toISOString();
    const lost = what === "line" ? { lines: 1, from: now, until: now } : what;
    this.#lost = sumOf(lost, this.#lost);
    const { complain, complainEveryMs = COMPLAIN_EVERY_MS } = this.#terms;
    if (performance.now() - this.#complainedAtMs < complainEveryMs) return;
    this.#complainedAtMs = performance.now();
    complain(this.#why(), this.#lost);
  }

  #lostInAll(): LostLines | null {
    const told = this.#queue.map(({ of }) => (typeof of === "object" ? of : null));
    return [this.#lost, ...told].reduce(
      (sum, lost) => (lost === null ? sum : sumOf(lost, sum)),
      null,
    );
  }

  #why(): string {
    return this.#state.kind === "failing" ? troubleWords(this.#state.code) : TOO_SLOW;
  }

  #sizeNow(): number {
    try {
      return this.#place.size();
    } catch {
      return 0;
    }
  }
}

function sumOf(lost: LostLines, more: LostLines | null): LostLines {
  if (more === null) return lost;
  const [from = "", , , until = ""] = [lost.from, lost.until, more.from, more.until].toSorted();
  return { lines: lost.lines + more.lines, from, until };
}
