import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { Pool } from "../../../src/store/pool.ts";
import type { Session } from "../../../src/store/session.ts";

/** A server of the test's own: each session answers what it is told to, in its order. */
class Server {
  readonly sessions: FakeSession[] = [];
  readonly #doors: {
    readonly let: (session: Session) => void;
    readonly refuse: (why: Error) => void;
  }[] = [];

  readonly connect = async (): Promise<Session> =>
    await new Promise((resolve, reject) => this.#doors.push({ let: resolve, refuse: reject }));

  get knocking(): number {
    return this.#doors.length;
  }

  async letIn(): Promise<FakeSession> {
    const session = new FakeSession();
    this.sessions.push(session);
    this.#doors.shift()?.let(session);
    await settle();
    return session;
  }

  async refuse(why: string): Promise<void> {
    this.#doors.shift()?.refuse(new Error(why));
    await settle();
  }
}

class FakeSession implements Session {
  readonly asked: { readonly text: string; readonly answer: (rows: readonly object[]) => void }[] =
    [];
  isClosed = false;
  #onClosed = (): void => {};
  readonly closed = new Promise<void>((resolve) => (this.#onClosed = resolve));
  readonly #failing: ((why: Error) => void)[] = [];

  async ask(text: string): Promise<readonly object[]> {
    return await new Promise((resolve, reject) => {
      this.asked.push({ text, answer: resolve });
      this.#failing.push(reject);
    });
  }

  close(): void {
    this.isClosed = true;
    for (const fail of this.#failing) fail(new Error("closed"));
    this.#onClosed();
  }

  async answer(): Promise<void> {
    this.asked.shift()?.answer([]);
    await settle();
  }

  get texts(): readonly string[] {
    return this.asked.map(({ text }) => text);
  }
}

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await Promise.resolve();
}

let server: Server;
let pool: Pool;
beforeEach(() => {
  jest.useFakeTimers();
  server = new Server();
  pool = new Pool(server.connect, { sessionsMax: 2, idleMs: 10_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

const quietly = (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((error: unknown) => error);

describe("a statement goes to whoever is free first", () => {
  test("not to the session that was opened for it and still waits in the line of a pooler", async () => {
    void pool.ask("a", 30_000);
    const first = await server.letIn();
    void pool.ask("b", 30_000);
    expect(server.knocking).toBe(1);
    expect(first.texts).toEqual(["a"]);
    await first.answer();
    // The second session is still on its way: the first one has taken what waited for it.
    expect(first.texts).toEqual(["b"]);
    expect(server.knocking).toBe(1);
  });

  test("behind another one where all are busy, unless that one takes long", async () => {
    void pool.ask("a", 30_000);
    void pool.ask("b", 30_000);
    const [one, two] = [await server.letIn(), await server.letIn()];
    void pool.ask("c", 30_000);
    expect([one.texts, two.texts]).toEqual([["a", "c"], ["b"]]);
    jest.advanceTimersByTime(60);
    void pool.ask("d", 30_000);
    expect([one.texts, two.texts]).toEqual([["a", "c"], ["b"]]);
    await two.answer();
    expect(two.texts).toEqual(["d"]);
  });

  test("of those that are free to the last used, so that the others can be closed", async () => {
    void pool.ask("a", 30_000);
    void pool.ask("b", 30_000);
    const [one, two] = [await server.letIn(), await server.letIn()];
    await two.answer();
    await one.answer();
    for (let second = 0; second < 20; second += 1) {
      void pool.ask("again", 30_000);
      await server.sessions.find(({ asked }) => asked.length > 0)?.answer();
      jest.advanceTimersByTime(1000);
      await settle();
    }
    expect(server.sessions.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  });
});

test("idle sessions are closed after some seconds, and opened again when they are needed", async () => {
  void pool.ask("a", 30_000);
  const session = await server.letIn();
  await session.answer();
  jest.advanceTimersByTime(16_000);
  expect(session.isClosed).toBe(true);
  void pool.ask("b", 30_000);
  expect((await server.letIn()).texts).toEqual(["b"]);
});

describe("where none can be opened", () => {
  test("whoever waits is told why, and the next one waits a little before it knocks", async () => {
    const [one, two] = [quietly(pool.ask("a", 30_000)), quietly(pool.ask("b", 30_000))];
    await server.refuse("no");
    await server.refuse("no");
    expect(await Promise.all([one, two])).toEqual([new Error("no"), new Error("no")]);
    const later = pool.ask("c", 30_000);
    expect(server.knocking).toBe(0);
    jest.advanceTimersByTime(2000);
    const session = await server.letIn();
    await session.answer();
    await expect(later).resolves.toEqual([]);
  });

  test("those that are open serve all, and nobody is told", async () => {
    void pool.ask("a", 30_000);
    const first = await server.letIn();
    void pool.ask("b", 30_000);
    await server.refuse("too many");
    expect(first.texts).toEqual(["a", "b"]);
  });
});

describe("what takes too long", () => {
  test("is given up where nothing was sent, and no session is to blame", async () => {
    const late = quietly(pool.ask("a", 500));
    jest.advanceTimersByTime(500);
    expect(await late).toMatchObject({ code: "NOT_CONNECTED" });
    const session = await server.letIn();
    expect(session.texts).toEqual([]);
    expect(session.isClosed).toBe(false);
  });

  test("takes its session along, and those that lie idle, which may lead nowhere as well", async () => {
    const late = quietly(pool.ask("a", 500));
    void pool.ask("b", 30_000);
    const [one, two] = [await server.letIn(), await server.letIn()];
    await two.answer();
    jest.advanceTimersByTime(500);
    expect(await late).toMatchObject({ code: "NO_ANSWER" });
    expect([one.isClosed, two.isClosed]).toEqual([true, true]);
  });
});

test("after a failover what is under way comes to its end, and nothing more goes there", async () => {
  void pool.ask("a", 30_000);
  const old = await server.letIn();
  pool.renew();
  void pool.ask("b", 30_000);
  await old.answer();
  expect(old.isClosed).toBe(true);
  expect((await server.letIn()).texts).toEqual(["b"]);
});

test("a session that the server closes is forgotten", async () => {
  void pool.ask("a", 30_000);
  const session = await server.letIn();
  await session.answer();
  session.close();
  await settle();
  void pool.ask("b", 30_000);
  expect(session.texts).toEqual([]);
  expect((await server.letIn()).texts).toEqual(["b"]);
});

test("ending waits for what is under way, and takes nothing more", async () => {
  const answer = pool.ask("a", 30_000);
  const session = await server.letIn();
  const ended = pool.end();
  await expect(pool.ask("b", 30_000)).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
  expect(session.isClosed).toBe(false);
  await session.answer();
  await Promise.all([answer, ended]);
  expect(session.isClosed).toBe(true);
});
