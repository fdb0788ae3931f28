import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { connect, type Socket } from "node:net";
import { encodeMessage, readyStatus } from "../../../src/dev/postgres-frames.ts";
import { type Gate, openGate } from "../../../src/dev/postgres-gate.ts";
import { until } from "../../support/processes.ts";

const STARTUP = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
const QUERY = (sql: string): Buffer => encodeMessage("Q", `${sql}\0`);
const OWNER_TIMEOUT_MS = 400;

/** A session that knows only whether it is in a transaction, and writes down what it is asked. */
class FakeSession {
  readonly asked: string[] = [];
  #status = "I";

  readonly execute = async (messages: Uint8Array): Promise<Buffer> => {
    const text = Buffer.from(messages).toString("latin1");
    this.asked.push(text.replaceAll(/[^\x20-\x7e]/g, ""));
    if (text.includes("BEGIN")) this.#status = "T";
    if (text.includes("COMMIT") || text.includes("ROLLBACK")) this.#status = "I";
    const endsUnit = /^[QS]/.test(text) || text.startsWith("\0") || text.endsWith("S\0\0\0\x04");
    return endsUnit ? encodeMessage("Z", this.#status) : encodeMessage("1", "");
  };
}

let session: FakeSession;
let gate: Gate;
let sockets: Socket[];

beforeEach(async () => {
  session = new FakeSession();
  sockets = [];
  gate = await openGate(0, { execute: session.execute, ownerTimeoutMs: OWNER_TIMEOUT_MS });
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  gate.close();
});

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  readonly send: (...messages: Buffer[]) => void;
}

async function client(): Promise<Client> {
  const socket = connect(gate.port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.write(STARTUP);
  await until("the session greets", () => readyStatus(received) === "I");
  return {
    socket,
    received: () => received.toString("latin1"),
    send: (...messages) => void socket.write(Buffer.concat(messages)),
  };
}

const asked = (part: string): number => session.asked.findIndex((text) => text.includes(part));

describe("the gate before the one Postgres session", () => {
  test("G1: another client waits until a transaction has ended", async () => {
    const [first, second] = [await client(), await client()];
    first.send(QUERY("BEGIN"));
    await until("the transaction is open", () => asked("BEGIN") !== -1);
    second.send(QUERY("select 2"));
    first.send(QUERY("select 1"));
    await until("the owner is served", () => asked("select 1") !== -1);
    expect(asked("select 2")).toBe(-1);
    first.send(QUERY("COMMIT"));
    await until("the other one is served", () => asked("select 2") !== -1);
    expect(asked("select 2")).toBeGreaterThan(asked("COMMIT"));
  });

  test("G1: another client waits between the parts of an extended query", async () => {
    const [first, second] = [await client(), await client()];
    first.send(encodeMessage("P", "s1\0select 1\0\0\0"), encodeMessage("H", ""));
    await until("the statement is parsed", () => asked("select 1") !== -1);
    second.send(QUERY("select 2"));
    first.send(encodeMessage("B", "\0s1\0"), encodeMessage("E", "\0"), encodeMessage("S", ""));
    await until("the other one is served", () => asked("select 2") !== -1);
    expect(asked("s1")).toBeLessThan(asked("select 2"));
    expect(session.asked.findLastIndex((text) => text.includes("s1"))).toBeLessThan(
      asked("select 2"),
    );
  });

  test("G2: a client that goes away in a transaction is rolled back before the next one", async () => {
    const [first, second] = [await client(), await client()];
    first.send(QUERY("BEGIN"));
    await until("the transaction is open", () => asked("BEGIN") !== -1);
    second.send(QUERY("select 2"));
    first.socket.destroy();
    await until("the other one is served", () => asked("select 2") !== -1);
    expect(asked("ROLLBACK")).toBeGreaterThan(asked("BEGIN"));
    expect(asked("select 2")).toBeGreaterThan(asked("ROLLBACK"));
  });

  test("G3: a client that falls silent in a transaction is disconnected", async () => {
    const [first, second] = [await client(), await client()];
    first.send(QUERY("BEGIN"));
    await until("the transaction is open", () => asked("BEGIN") !== -1);
    second.send(QUERY("select 2"));
    await until("the other one is served", () => asked("select 2") !== -1);
    expect(first.socket.destroyed || first.socket.readableEnded).toBe(true);
  });

  test("a client's named statements are dropped when it goes", async () => {
    const first = await client();
    first.send(encodeMessage("P", "mine\0select 1\0\0\0"), encodeMessage("S", ""));
    await until("the statement is parsed", () => asked("select 1") !== -1);
    first.socket.destroy();
    await until("it is closed", () => session.asked.some((text) => /^C.*Smine/.test(text)));
  });

  test("a request for encryption is declined and the connection goes on", async () => {
    const socket = connect(gate.port, "127.0.0.1");
    sockets.push(socket);
    let received = "";
    socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    await until("it is declined", () => received === "N");
    socket.write(STARTUP);
    await until("the session greets", () => received.startsWith("NZ"));
  });

  test("bytes that are no message end that connection alone", async () => {
    const [first, second] = [await client(), await client()];
    first.send(Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff]));
    await until("it is disconnected", () => first.socket.destroyed);
    second.send(QUERY("select 2"));
    await until("the other one is served", () => asked("select 2") !== -1);
  });
});
