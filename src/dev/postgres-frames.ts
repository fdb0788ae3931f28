// Cuts a client's byte stream into Postgres protocol messages (protocol 3.0, "Message Formats").
// Until the startup message a frame has no type byte: an SSL, GSS or cancel request may come first.

export interface Frame {
  /** The message's letter, or the name of an untyped one. */
  readonly type: string;
  readonly bytes: Buffer;
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** Postgres' own bound on one message is 1 GiB; a local client that sends more than this is broken. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #started = false;

  /** Every frame that is complete now; the rest waits for more bytes. */
  push(chunk: Buffer): readonly Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) frames.push(next);
    return frames;
  }

  #take(): Frame | undefined {
    const typeBytes = this.#started ? 1 : 0;
    if (this.#pending.length < typeBytes + 4) return undefined;
    const length = this.#pending.readInt32BE(typeBytes);
    if (length < 4 || length > MAX_FRAME_BYTES) {
      throw new Error(`A Postgres client sent a message of ${length} bytes; it is disconnected.`);
    }
    if (this.#pending.length < typeBytes + length) return undefined;
    const bytes = this.#pending.subarray(0, typeBytes + length);
    this.#pending = this.#pending.subarray(typeBytes + length);
    const type = this.#started ? String.fromCharCode(bytes.readUInt8(0)) : untypedName(bytes);
    if (type === "startup") this.#started = true;
    return { type, bytes };
  }
}

function untypedName(bytes: Buffer): string {
  switch (bytes.length >= 8 ? bytes.readInt32BE(4) : 0) {
    case SSL_REQUEST:
    case GSS_REQUEST:
      return "encryption";
    case CANCEL_REQUEST:
      return "cancel";
    default:
      return "startup";
  }
}

/** Builds a typed message, e.g. `encodeMessage("Q", "ROLLBACK\0")`. */
export function encodeMessage(type: string, body: string): Buffer {
  const payload = Buffer.from(body, "utf8");
  const header = Buffer.alloc(5);
  header.write(type, 0, "latin1");
  header.writeInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

/** The transaction status ('I', 'T', 'E') a reply ends with, if it ends in ReadyForQuery. */
export function readyStatus(reply: Buffer): string | undefined {
  const at = reply.length - 6;
  if (at < 0 || reply.readUInt8(at) !== 0x5a || reply.readInt32BE(at + 1) !== 5) return undefined;
  return String.fromCharCode(reply.readUInt8(at + 5));
}
