// The sessions of one process, and which statement goes to which.
//
// - A statement is given to a session that has answered before, never to one that is still on its way: behind a
//   pooler a session may wait for minutes, and whatever is free by then takes the statement.
// - Where all are busy and no more may be opened, a statement is sent behind another one, unless that has been under way
//   for a while already: then it waits for the next that is free.
// - The last that was used is used again, so that those which are too many lie idle and are closed.

import type { Session } from "./session.ts";

export interface PoolOptions {
  readonly sessionsMax: number;
  readonly idleMs?: number;
}

/** What is not known to have failed on the server, by a code of ours. */
export class PoolError extends Error {
  override readonly name = "PoolError";
  readonly code: "NOT_CONNECTED" | "NO_ANSWER" | "CONNECTION_ENDED";

  constructor(code: PoolError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

interface Statement {
  readonly text: string;
  readonly resolve: (rows: readonly object[]) => void;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
  /** Null: it waits. */
  member: Member | null;
}

interface Member {
  readonly session: Session;
  readonly closesAtMs: number;
  underWay: number;
  /** When it was last given something, or had answered something. */
  sinceMs: number;
  /** Given nothing more. */
  isLeaving: boolean;
}

type Connect = (signal: AbortSignal) => Promise<Session>;

const IDLE_MS = 10_000;
/** A session that lives on is closed now and then, so that servers behind one name are found. */
const LIFE_MS = { min: 1_800_000, spread: 1_800_000 } as const;
/** A statement that has been under way for so long may be a long one. */
const SLOW_MS = 50;
const RETRY_MS = { first: 100, max: 2000 } as const;
const END_MS = 2000;

export class Pool {
  readonly #connect: Connect;
  readonly #sessionsMax: number;
  readonly #idleMs: number;
  /** The last used last. */
  #members: Member[] = [];
  #waiting: Statement[] = [];
  #opening = 0;
  #failures = 0;
  #notBeforeMs = 0;
  #retry: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #onQuiet: (() => void) | null = null;
  readonly #ending = new AbortController();

  constructor(connect: Connect, { sessionsMax, idleMs = IDLE_MS }: PoolOptions) {
    this.#connect = connect;
    this.#sessionsMax = sessionsMax;
    this.#idleMs = idleMs;
  }

  /** `timeoutMs` null: for as long as it takes. */
  async ask(text: string, timeoutMs: number | null): Promise<readonly object[]> {
    if (this.#onQuiet !== null) throw new PoolError("CONNECTION_ENDED", "the pool has ended");
    return await new Promise((resolve, reject) => {
      const statement: Statement = { text, resolve, reject, timer: undefined, member: null };
      if (timeoutMs !== null) {
        statement.timer = setTimeout(() => this.#late(statement, timeoutMs), timeoutMs);
      }
      this.#waiting.push(statement);
      this.#give();
    });
  }

  /** Whatever leads to another server from now on: what is under way comes to its end. */
  renew(): void {
    for (const member of this.#members) this.#dismiss(member);
  }

  /** Waits for what was asked, two seconds at most. */
  async end(): Promise<void> {
    if (this.#onQuiet !== null) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onQuiet = resolve;
      timer = setTimeout(resolve, END_MS);
      this.#settled();
    });
    clearTimeout(timer);
    clearTimeout(this.#retry);
    clearTimeout(this.#idle);
    this.#ending.abort();
    for (const statement of this.#waiting.splice(0)) {
      this.#fail(statement, new PoolError("CONNECTION_ENDED", "the pool has ended"));
    }
    for (const { session } of this.#members.splice(0)) session.close();
  }

  #give(): void {
    while (this.#waiting.length > 0) {
      const free = this.#members.findLast(isFree);
      if (free !== undefined) this.#send(free);
      else if (this.#mayOpen()) void this.#open();
      else {
        const next = this.#opening === 0 ? this.#leastBusy() : undefined;
        if (next === undefined) break;
        this.#send(next);
      }
    }
    if (this.#waiting.length > 0 && this.#members.length + this.#opening === 0) this.#openLater();
  }

  #mayOpen(): boolean {
    const count = this.#members.length;
    const isRoom = count + this.#opening < this.#sessionsMax;
    // No more at once than are there already: what one process knocks with, all others wait behind at a pooler.
    const isModest = this.#opening < Math.max(1, count) && this.#opening < this.#waiting.length;
    return isRoom && isModest && Date.now() >= this.#notBeforeMs;
  }

  /** Of those that answer quickly. */
  #leastBusy(): Member | undefined {
    const nowMs = Date.now();
    return this.#members
      .filter(({ isLeaving, sinceMs }) => !isLeaving && nowMs - sinceMs < SLOW_MS)
      .reduce<Member | undefined>(
        (least, member) => (least && least.underWay <= member.underWay ? least : member),
        undefined,
      );
  }

  #send(member: Member): void {
    const statement = this.#waiting.shift();
    if (statement === undefined) return;
    if (member.underWay === 0) {
      member.sinceMs = Date.now();
      if (this.#members.at(-1) !== member) {
        this.#members = [...this.#members.filter((other) => other !== member), member];
      }
    }
    member.underWay += 1;
    statement.member = member;
    member.session
      .ask(statement.text)
      .then(statement.resolve, statement.reject)
      .finally(() => {
        clearTimeout(statement.timer);
        member.underWay -= 1;
        member.sinceMs = Date.now();
        if (member.underWay === 0 && (member.isLeaving || member.sinceMs > member.closesAtMs)) {
          this.#drop(member);
        }
        this.#give();
        this.#settled();
      });
    if (this.#idle === undefined) this.#closeIdleLater();
  }

  #late(statement: Statement, timeoutMs: number): void {
    const { member } = statement;
    if (member === null) {
      this.#waiting = this.#waiting.filter((other) => other !== statement);
      const what = `no connection was free within ${timeoutMs} ms`;
      this.#fail(statement, new PoolError("NOT_CONNECTED", what));
      return;
    }
    this.#fail(statement, new PoolError("NO_ANSWER", `no answer within ${timeoutMs} ms`));
    // What leads nowhere would be given more statements, and who is free may lead nowhere too.
    this.#drop(member);
    for (const other of this.#members.filter(isFree)) this.#drop(other);
    this.#give();
  }

  #fail(statement: Statement, error: Error): void {
    clearTimeout(statement.timer);
    statement.reject(error);
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    try {
      const session = await this.#connect(this.#ending.signal);
      this.#opening -= 1;
      this.#joined(session);
    } catch (error) {
      this.#opening -= 1;
      this.#failures += 1;
      const pauseMs = Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.max);
      this.#notBeforeMs = Date.now() + pauseMs;
      if (this.#members.length + this.#opening === 0) {
        for (const statement of this.#waiting.splice(0)) {
          clearTimeout(statement.timer);
          statement.reject(error);
        }
      }
    }
    this.#give();
    this.#settled();
  }

  #joined(session: Session): void {
    this.#failures = 0;
    this.#notBeforeMs = 0;
    if (this.#ending.signal.aborted) {
      session.close();
      return;
    }
    const sinceMs = Date.now();
    const closesAtMs = sinceMs + LIFE_MS.min + Math.random() * LIFE_MS.spread;
    const member: Member = { session, closesAtMs, underWay: 0, sinceMs, isLeaving: false };
    this.#members.push(member);
    void this.#forgetWhenClosed(member);
    if (this.#idle === undefined) this.#closeIdleLater();
  }

  async #forgetWhenClosed(member: Member): Promise<void> {
    await member.session.closed;
    this.#forget(member);
    this.#give();
  }

  #openLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#give(), Math.max(1, this.#notBeforeMs - Date.now()));
  }

  #closeIdleLater(): void {
    this.#idle = setTimeout(() => {
      this.#idle = undefined;
      const untilMs = Date.now() - this.#idleMs;
      for (const member of this.#members.filter(isFree)) {
        if (member.sinceMs <= untilMs) this.#drop(member);
      }
      if (this.#members.length > 0) this.#closeIdleLater();
    }, this.#idleMs / 4).unref();
  }

  #dismiss(member: Member): void {
    member.isLeaving = true;
    if (member.underWay === 0) this.#drop(member);
  }

  #drop(member: Member): void {
    this.#forget(member);
    member.session.close();
  }

  #forget(member: Member): void {
    member.isLeaving = true;
    this.#members = this.#members.filter((other) => other !== member);
  }

  #settled(): void {
    const isQuiet =
      this.#waiting.length === 0 && this.#members.every(({ underWay }) => underWay === 0);
    if (isQuiet) this.#onQuiet?.();
  }
}

function isFree({ underWay, isLeaving }: Member): boolean {
  return underWay === 0 && !isLeaving;
}
