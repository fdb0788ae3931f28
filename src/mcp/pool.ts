// The connections of a worker: one for each server and tenant, opened when it is needed, closed after five minutes
// without a call, and opened anew at the next call where the server has died meanwhile.
//
//   E4. A server that hangs, dies or floods is waited for by its own calls alone: a run opens without it.

import type { Tool } from "@modelcontextprotocol/client";
import type { Connection, Era, ListedTools, World } from "./connection.ts";
import type { McpServer } from "./server-config.ts";

const IDLE_MS = 5 * 60_000;
const CONNECTIONS_MAX = 64;
/** Younger lists are believed: the calls of one reply ask once. */
const FRESH_MS = 5000;
/** How long the opening of a run waits for its servers, and how long it then does without one that was not there. */
const PATIENCE_MS = 12_000;
const AWAY_MS = 30_000;
const LISTING_MS = 10_000;

export interface Times {
  readonly idleMs: number;
  readonly freshMs: number;
  readonly patienceMs: number;
  /** For a list; one that is at work for others has half the time of the call that asks. */
  readonly listingMs: number;
  readonly awayMs: number;
}

export interface Held {
  readonly connection: Connection;
  /** As they are now, or were a moment ago. */
  list(callTimeoutMs: number): Promise<ListedTools>;
  /** It is broken in a way that it does not notice itself: whoever comes next has another. */
  drop(): void;
}

export interface Pool {
  /** For a run that is opened. Rejects, soon enough, where the server is away. */
  tools(server: McpServer, tenant: string): Promise<ListedTools>;
  /** To call it. Rejects where it can't be reached: then nothing has happened. */
  use<T>(server: McpServer, tenant: string, act: (held: Held) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Entry {
  /** Aborted where nobody wants it any more, opened or not. */
  readonly ending: AbortController;
  readonly opening: Promise<Connection>;
  /** Null until it is open. */
  connection: Connection | null;
  users: number;
  isDropped: boolean;
  usedAtMs: number;
  listing: { readonly atMs: number; readonly tools: Promise<ListedTools> } | null;
  /** The last that it said, however long ago. */
  lastListed: ListedTools | null;
  idle: NodeJS.Timeout | null;
}

interface Away {
  readonly untilMs: number;
  readonly error: unknown;
}

export function createPool(world: World, given: Partial<Times> = {}): Pool {
  const times: Times = {
    idleMs: IDLE_MS,
    freshMs: FRESH_MS,
    patienceMs: PATIENCE_MS,
    listingMs: LISTING_MS,
    awayMs: AWAY_MS,
    ...given,
  };
  return new ConnectionPool(world, times);
}

class ConnectionPool implements Pool {
  readonly #world: World;
  readonly #times: Times;
  readonly #entries = new Map<string, Entry>();
  readonly #away = new Map<string, Away>();
  readonly #eras = new Map<string, Era>();
  #isClosed = false;

  constructor(world: World, times: Times) {
    this.#world = world;
    this.#times = times;
  }

  async tools(server: McpServer, tenant: string): Promise<ListedTools> {
    const key = keyOf(server, tenant);
    const away = this.#away.get(key);
    if (away !== undefined && away.untilMs > Date.now()) throw away.error;
    const { patienceMs, awayMs } = this.#times;
    const late = `it did not answer within ${patienceMs / 1000} s`;
    try {
      const asked = this.use(server, tenant, async (held) => await held.list(patienceMs * 2));
      const tools = await within(patienceMs, asked, late);
      this.#away.delete(key);
      return tools;
    } catch (error) {
      // Many do one thing at a time: one that is at work for another run is not away.
      const entry = this.#entries.get(key);
      const isAtWork = entry?.connection?.isOpen() === true && entry.users > 1;
      if (isAtWork && entry.lastListed !== null) return entry.lastListed;
      this.#away.set(key, { untilMs: Date.now() + awayMs, error });
      throw error;
    }
  }

  async use<T>(server: McpServer, tenant: string, act: (held: Held) => Promise<T>): Promise<T> {
    const entry = await this.#entryFor(server, tenant);
    entry.users += 1;
    if (entry.idle !== null) clearTimeout(entry.idle);
    try {
      const connection = await entry.opening;
      return await act({
        connection,
        list: (callTimeoutMs) => this.#listOf(entry, connection, callTimeoutMs),
        drop: () => this.#drop(entry),
      });
    } finally {
      entry.users -= 1;
      entry.usedAtMs = Date.now();
      if (!entry.isDropped) this.#watchIdle(entry);
      else if (entry.users === 0) void closed(entry);
    }
  }

  /** Others may still wait for answers over it: it is closed when the last of them has gone. */
  #drop(entry: Entry): void {
    entry.isDropped = true;
    for (const [key, kept] of this.#entries) if (kept === entry) this.#entries.delete(key);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => closed(entry)));
    this.#world.keeper.end();
  }

  async #entryFor(server: McpServer, tenant: string): Promise<Entry> {
    if (this.#isClosed) throw new Error("this worker is ending");
    const key = keyOf(server, tenant);
    const known = this.#entries.get(key);
    if (known !== undefined && known.connection?.isOpen() !== false) return known;
    this.#entries.delete(key);
    if (this.#entries.size >= CONNECTIONS_MAX) this.#makeRoom();
    const ending = new AbortController();
    const entry: Entry = {
      ending,
      opening: this.#open(server, key, ending.signal),
      connection: null,
      users: 0,
      isDropped: false,
      usedAtMs: Date.now(),
      listing: null,
      lastListed: null,
      idle: null,
    };
    this.#entries.set(key, entry);
    void this.#keepOpened(entry, key);
    return entry;
  }

  async #keepOpened(entry: Entry, key: string): Promise<void> {
    try {
      const connection = await entry.opening;
      entry.connection = connection;
      connection.onChanged(() => {
        entry.listing = null;
      });
    } catch {
      // Whoever waits for it hears why.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    }
  }

  async #open(server: McpServer, key: string, signal: AbortSignal): Promise<Connection> {
    const knownEra = this.#eras.get(key) ?? null;
    try {
      // The protocol's client is large, and most workers have no server.
      const { openConnection } = await import("./connection.ts");
      const connection = await openConnection(server, this.#world, { knownEra, signal });
      this.#eras.set(key, connection.era);
      return connection;
    } catch (error) {
      // It may have become another.
      this.#eras.delete(key);
      throw error;
    }
  }

  /** The one that has been idle for longest gives way. */
  #makeRoom(): void {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const [oldest] = idle.toSorted(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    if (oldest === undefined)
      throw new Error(
        `all ${CONNECTIONS_MAX} connections of this worker to MCP servers are in use`,
      );
    this.#entries.delete(oldest[0]);
    void closed(oldest[1]);
  }

  #listOf(entry: Entry, connection: Connection, callTimeoutMs: number): Promise<ListedTools> {
    const { listing } = entry;
    if (listing !== null && Date.now() - listing.atMs < this.#times.freshMs) return listing.tools;
    const halfMs = callTimeoutMs / 2;
    const timeoutMs = entry.users > 1 ? halfMs : Math.min(this.#times.listingMs, halfMs);
    const tools = connection.list(timeoutMs);
    entry.listing = { atMs: Date.now(), tools };
    void keepListed(entry, tools);
    return tools;
  }

  #watchIdle(entry: Entry): void {
    if (entry.users > 0) return;
    if (entry.idle !== null) clearTimeout(entry.idle);
    entry.idle = setTimeout(() => {
      for (const [key, kept] of this.#entries) {
        if (kept === entry && entry.users === 0) {
          this.#entries.delete(key);
          void closed(entry);
        }
      }
    }, this.#times.idleMs);
    entry.idle.unref();
  }
}

/** What a tool of another tenant has left in a server is none of this one's affair. */
function keyOf({ name }: McpServer, tenant: string): string {
  return JSON.stringify([name, tenant]);
}

async function keepListed(entry: Entry, tools: Promise<ListedTools>): Promise<void> {
  try {
    entry.lastListed = await tools;
  } catch {
    entry.listing = null;
  }
}

async function closed({ opening, idle, ending }: Entry): Promise<void> {
  if (idle !== null) clearTimeout(idle);
  ending.abort(new Error("it was closed before it was open"));
  try {
    await (await opening).close();
  } catch {
    // It was never open.
  }
}

async function within<T>(ms: number, work: Promise<T>, late: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late)), ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    // It may still fail when nobody waits for it any more.
    work.catch(() => undefined);
  }
}

/** The one by that name; the first, where a server has two. */
export function toolNamed({ tools }: ListedTools, name: string): Tool | null {
  return tools.find((tool) => tool.name === name) ?? null;
}
