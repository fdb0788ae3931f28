// One connection that is shown a run. It holds a place in the log and, while its socket is full, waits
// there: a reader that never reads costs one piece of the log, which it shares with all others that wait at
// it, and is let go after a bounded time.

import type { ServerResponse } from "node:http";
import type { EventId } from "../client/event-id.ts";
import type { EventLog } from "./event-log.ts";
import { countUpTo, eventOf, frameOf, type Frame } from "./frames.ts";
import { bytesBehind, framesOf, type Content, type LogPiece } from "./log-piece.ts";
import { lacksText, resumeReply, type Resumption } from "./resume-reply.ts";

export interface ViewerOptions {
  readonly after: EventId | null;
  /** How long the socket may take nothing before it is closed. */
  readonly stallMs: number;
  /** The log can't tell this reader what it lacks; it was told the event with this id last. */
  readonly onLost: (told: EventId | null) => void;
}

type State =
  | { readonly kind: "flowing" | "reading" | "lost" }
  | { readonly kind: "stalled"; readonly timer: NodeJS.Timeout };

type Reading =
  /** It looks for the first event that the viewer has not seen, which may be yet to come. */
  | { readonly kind: "finding"; readonly after: EventId }
  | { readonly kind: "resuming"; readonly resumption: Resumption }
  | { readonly kind: "telling" };

export class Viewer {
  readonly #log: EventLog;
  readonly #response: ServerResponse;
  readonly #options: ViewerOptions;
  #told: EventId | null;
  #place: number;
  #isLast = false;
  #reading: Reading;
  #state: State = { kind: "flowing" };

  /** Null where the log no longer holds what the viewer needs. */
  static open(log: EventLog, response: ServerResponse, options: ViewerOptions): Viewer | null {
    const place = log.placeBehind(options.after);
    return place === null ? null : new Viewer(log, response, { ...options, place });
  }

  private constructor(
    log: EventLog,
    response: ServerResponse,
    { place, ...options }: ViewerOptions & { readonly place: number },
  ) {
    const { after } = options;
    this.#log = log;
    this.#response = response;
    this.#options = options;
    this.#told = after;
    this.#reading = after === null ? { kind: "telling" } : { kind: "finding", after };
    this.#place = place;
    response.on("drain", this.#drained);
    response.once("close", () => this.#flowing());
  }

  readonly #drained = (): void => {
    this.#flowing();
    this.pump();
  };

  /** Writes what the log has and the socket takes. */
  pump(): void {
    while (this.#canWrite() && this.#place < this.#log.end) {
      const piece = this.#log.pieceAt(this.#place);
      if (piece === null) return this.#lose();
      const content = this.#log.read(piece);
      if (content instanceof Promise) return void this.#await(piece, content);
      this.#tell(piece, content);
    }
    if (this.#isLast && this.#place === this.#log.end) this.close();
  }

  beat(): void {
    if (this.#state.kind === "flowing" && !this.#response.write(": beat\n\n")) this.#wait();
  }

  /** The log is complete: the connection ends when all of it has been written. */
  endAfterLog(): void {
    this.#isLast = true;
    this.pump();
  }

  close(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  #canWrite(): boolean {
    const { destroyed, writableEnded } = this.#response;
    return this.#state.kind === "flowing" && !destroyed && !writableEnded;
  }

  async #await(piece: LogPiece, reading: Promise<Content>): Promise<void> {
    this.#state = { kind: "reading" };
    try {
      const content = await reading;
      this.#state = { kind: "flowing" };
      if (this.#canWrite()) this.#tell(piece, content);
      this.pump();
    } catch {
      this.#lose();
    }
  }

  #wait(): void {
    const timer = setTimeout(() => this.#response.destroy(), this.#options.stallMs);
    this.#state = { kind: "stalled", timer };
  }

  #flowing(): void {
    if (this.#state.kind !== "stalled") return;
    clearTimeout(this.#state.timer);
    this.#state = { kind: "flowing" };
  }

  #lose(): void {
    if (this.#state.kind === "lost") return;
    this.#state = { kind: "lost" };
    this.#response.off("drain", this.#drained);
    this.#options.onLost(this.#told);
  }

  #write(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#response.write(bytes)) this.#wait();
  }

  /** What this viewer must be told of the piece, from its place to the end. */
  #tell(piece: LogPiece, content: Content): void {
    if (this.#reading.kind === "finding") return this.#find(piece, content, this.#reading.after);
    const seen = this.#place - piece.start;
    if (this.#reading.kind === "resuming") {
      return this.#resume(framesOf(content).slice(seen), this.#reading.resumption);
    }
    const bytes = bytesBehind(content, seen);
    const last = Buffer.isBuffer(content) ? piece.lastId : content.at(-1)?.id;
    this.#told = last ?? this.#told;
    this.#place = Buffer.isBuffer(content) ? piece.end : piece.start + content.length;
    this.#write(bytes);
  }

  #find(piece: LogPiece, content: Content, after: EventId): void {
    const frames = framesOf(content);
    const seen = countUpTo(frames, after);
    this.#place = piece.start + seen;
    const next = frames[seen];
    // A log that has only begun may still have to reach the place where the viewer left.
    if (next === undefined) return;
    const before = frames[seen - 1]?.id ?? piece.before;
    if (lacksText(after, before, eventOf(next))) return this.#lose();
    const turn = turnBehind(frames.slice(0, seen)) ?? piece.turn;
    const resumption = resumeReply(after, { before, turn });
    this.#reading = resumption === null ? { kind: "telling" } : { kind: "resuming", resumption };
  }

  #resume(frames: readonly Frame[], resumption: Resumption): void {
    const told = frames.flatMap((frame) =>
      resumption.isOver ? [frame] : resumption.next(eventOf(frame)).map(frameOf),
    );
    this.#place += frames.length;
    this.#told = told.at(-1)?.id ?? this.#told;
    if (resumption.isOver) this.#reading = { kind: "telling" };
    this.#write(Buffer.concat(told.map(({ bytes }) => bytes)));
  }
}

function turnBehind(frames: readonly Frame[]): number | null {
  for (let at = frames.length - 1; at >= 0; at -= 1) {
    const frame = frames[at];
    const event = frame === undefined ? null : eventOf(frame);
    if (event !== null && "turn" in event) return event.turn;
  }
  return null;
}
