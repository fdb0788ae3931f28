// Lets many Postgres clients share PGlite's one session.
//
// PGlite is a single backend: two clients whose messages interleave would overwrite each other's
// unnamed portals and end up inside each other's transactions. So, as in a transaction pooler:
// G1. A connection owns the session from its first message until ReadyForQuery says "idle".
// G2. A connection that closes while it owns the session is rolled back before the next one gets it.
// G3. An owner that sends nothing for `ownerTimeoutMs` is disconnected: it would stop everybody.
// What stays shared: SET, LISTEN, temporary tables and session-level advisory locks. Pawl uses
// none of these; `pg_advisory_xact_lock` excludes as it should, since transactions run one by one.

import { createServer, type Socket } from "node:net";
import { encodeMessage, type Frame, FrameReader, readyStatus } from "./postgres-frames.ts";

/** Runs protocol messages on the one session and returns what it answers. */
export type Execute = (messages: Uint8Array) => Promise<Buffer>;

export interface GateOptions {
  readonly execute: Execute;
  readonly ownerTimeoutMs: number;
}

export interface Gate {
  readonly port: number;
  close(): void;
}

/** Contract: resolves when clients can connect. Port 0 lets the system choose. */
export async function openGate(port: number, options: GateOptions): Promise<Gate> {
  const session = new Session();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    new Connection(socket, session, options).start();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP address");
  return {
    port: address.port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A first-come, first-served lock. */
class Session {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  async acquire(): Promise<void> {
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #options: GateOptions;
  readonly #frames = new FrameReader();
  readonly #statements = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #queue: Frame[] = [];
  #owns = false;
  #closed = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(socket: Socket, session: Session, options: GateOptions) {
    this.#socket = socket;
    this.#session = session;
    this.#options = options;
  }

  start(): void {
    this.#socket.setNoDelay(true);
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#then(() => this.#leave());
    });
  }

  #receive(chunk: Buffer): void {
    clearTimeout(this.#silence);
    try {
      this.#queue.push(...this.#frames.push(chunk));
    } catch {
      this.#socket.destroy();
      return;
    }
    this.#then(() => this.#drain());
  }

  /** One thing at a time per connection. A session that fails is beyond repair: the process ends. */
  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(step);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const batch = takeBatch(this.#queue);
      await this.#answer(batch.type, batch.bytes, batch.frames);
    }
  }

  async #answer(type: string, bytes: Buffer, frames: readonly Frame[]): Promise<void> {
    if (type === "encryption") {
      this.#socket.write("N");
      return;
    }
    if (type === "cancel" || type === "X") {
      this.#socket.end();
      return;
    }
    if (!this.#owns) {
      await this.#session.acquire();
      this.#owns = true;
      // The client may have gone while it waited: what it never saw start is not run.
      if (this.#closed) return;
    }
    for (const { type: kind, bytes: message } of frames) this.#rememberStatement(kind, message);
    const reply = await this.#options.execute(bytes);
    if (reply.length > 0 && !this.#closed) this.#socket.write(reply);
    if (readyStatus(reply) === "I") this.#release();
    else this.#expectMore();
  }

  #expectMore(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.destroy(), this.#options.ownerTimeoutMs);
  }

  #release(): void {
    clearTimeout(this.#silence);
    this.#owns = false;
    this.#session.release();
  }

  #rememberStatement(type: string, bytes: Buffer): void {
    if (type !== "P") return;
    const name = bytes.toString("utf8", 5, bytes.indexOf(0, 5));
    if (name !== "") this.#statements.add(name);
  }

  /** Named statements belong to the session, not to the connection: dropped, or they pile up. */
  async #leave(): Promise<void> {
    clearTimeout(this.#silence);
    if (!this.#owns) {
      if (this.#statements.size === 0) return;
      await this.#session.acquire();
      this.#owns = true;
    }
    const status = readyStatus(await this.#options.execute(encodeMessage("S", "")));
    if (status !== "I") await this.#options.execute(encodeMessage("Q", "ROLLBACK\0"));
    const closes = [...this.#statements].map((name) => encodeMessage("C", `S${name}\0`));
    if (closes.length > 0) {
      await this.#options.execute(Buffer.concat([...closes, encodeMessage("S", "")]));
    }
    this.#release();
  }
}

interface Batch {
  readonly type: string;
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
}

/** Frames up to the next one that ends a unit of work: fewer crossings into PGlite, same order. */
function takeBatch(queue: Frame[]): Batch {
  const end = queue.findIndex((item) => !/^[PBDECHd]$/.test(item.type));
  const count = end === -1 ? queue.length : end === 0 ? 1 : end;
  const closing = end > 0 && queue[end]?.type === "S" ? count + 1 : count;
  const frames = queue.splice(0, closing);
  const type = frames.length === 1 ? (frames[0]?.type ?? "") : "batch";
  return { type, bytes: Buffer.concat(frames.map((item) => item.bytes)), frames };
}
