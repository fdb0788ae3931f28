// The one way to Postgres: statements that are complete in themselves, each a single protocol message.
//
// D1. One statement is one round trip and one transaction: a client that dies or freezes leaves no
//     transaction open and no lock held.
// D2. No session state (prepared statements, settings, LISTEN): PGlite behind pglite-socket has one
//     session for all its clients, and a transaction pooler hands out any of its own.
// D3. A server that can't be reached is a PawlError. Whether a statement that was under way took
//     effect is then unknown, so every operation of the store can be repeated.

import postgres from "postgres";
import { PawlError } from "../domain/errors.ts";
import { forTheServer, whoAt } from "./database-url.ts";
import { literal, unstorable, type SqlValue } from "./literal.ts";
import { socketPathOf } from "./socket-path.ts";

export interface Database {
  /** ``db<Row>`select … where run_id = ${runId}` ``: values become literals. JSON and bigint columns are parsed. */
  <Row extends object>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]>;
  /** Several statements as one transaction, for as long as they take: no deadline. */
  script(text: string): Promise<void>;
  /** Waits for what is under way, two seconds at most. */
  end(): Promise<void>;
}

export interface DatabaseOptions {
  readonly connectionsMax?: number;
  /** What an answer may take; a half-open connection gives none. */
  readonly timeoutMs?: number;
}

const CLOSE_TIMEOUT_S = 2;
const CONNECT_TIMEOUT_S = 10;

/** Connects when the first statement is sent. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { connectionsMax = 10, timeoutMs = 30_000 } = options;
  let pool = openPool(url, connectionsMax);
  let replaced: Promise<unknown> = Promise.resolve();

  const send = async <Row extends object>(
    text: string,
    deadlineMs: number | null = timeoutMs,
  ): Promise<readonly Row[]> => {
    const asked = pool;
    const answer = asked.unsafe<Row[]>(text);
    try {
      return await (deadlineMs === null ? answer : withDeadline(answer, deadlineMs));
    } catch (error) {
      // A connection that went silent, or leads to a server that was the primary, would be given more
      // statements: the whole pool is replaced.
      if (isStale(error) && asked === pool) {
        pool = openPool(url, connectionsMax);
        replaced = Promise.all([replaced, asked.end({ timeout: CLOSE_TIMEOUT_S })]);
      }
      throw named(url, error);
    }
  };
  const query = async <Row extends object>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> =>
    await send<Row>(String.raw({ raw: strings }, ...values.map(literal)));
  return Object.assign(query, {
    script: async (text: string) => void (await send(text, null)),
    end: async () => {
      await Promise.all([replaced, pool.end({ timeout: CLOSE_TIMEOUT_S })]);
    },
  });
}

/** The driver reads the URL at once; its own error holds all of it, password included. */
function openPool(url: string, connectionsMax: number) {
  try {
    return poolAt(url, connectionsMax);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PawlError(
      "CONFIG",
      `DATABASE_URL can't be read (${why}). In a password # / ? @ and % are written %23 %2F %3F %40 and %25`,
    );
  }
}

function poolAt(url: string, connectionsMax: number) {
  const path = socketPathOf(url);
  return postgres(forTheServer(url), {
    ...(path === null ? {} : { path }),
    max: connectionsMax,
    fetch_types: false,
    prepare: false,
    connect_timeout: CONNECT_TIMEOUT_S,
    // Seconds before the n-th attempt to reconnect: the default grows to 20 s, too slow after a restart.
    backoff: (attempts: number) => Math.min(0.05 * 2 ** attempts, 2),
    onnotice: () => {},
    types: { bigint: { to: 20, from: [20], serialize: String, parse: safeInteger } },
  });
}

async function withDeadline<T>(query: PromiseLike<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    // Made only when it is thrown: the stack of an error costs more than all the rest of a statement.
    timer = setTimeout(
      () => reject(new DeadlineError(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([query, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** Where a failover is under way the same address leads to another server soon. */
const READ_ONLY = "25006";

function isStale(error: unknown): boolean {
  return error instanceof DeadlineError || codeOf(error) === READ_ONLY;
}

/**
 * Codes of Node, of the driver (CONNECT…, CONNECTION_…) and of Postgres: connections (class 08), resources (53),
 * an operator's intervention (57P), and transactions that lost against another one (class 40).
 */
const UNREACHABLE =
  /^(E[A-Z]+|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|08\w{3}|53\w{3}|57P\w{2}|40\w{3})$/;

/** A right that the role lacks, and a database that can only be read. */
const REFUSED: readonly string[] = ["42501", READ_ONLY];

/** No such user or a wrong password, no way in for it (pg_hba.conf), no such database. */
const NO_LOGIN: readonly string[] = ["28P01", "28000", "3D000"];

/** A parameter of the URL that no server knows. */
const UNKNOWN_PARAMETER = "42704";

/** `\u0000` in JSON; and half of a pair, whose code also stands for other texts that are not what they should be. */
const NUL_IN_JSON = "22P05";
const NOT_JSON = "22P02";

/** As an error of the catalogue, where the server or its operator is the reason. */
function named(url: string, error: unknown): unknown {
  const code = codeOf(error);
  const message = `Postgres at ${placeOf(url)}: ${reasonOf(error)}`;
  if (code !== null && REFUSED.includes(code)) {
    return new PawlError("DATABASE_REFUSED", message, { cause: error });
  }
  if (code !== null && NO_LOGIN.includes(code)) {
    const refused = `${whoAt(url)}: ${reasonOf(error)}`;
    return new PawlError("DATABASE_LOGIN", refused, { cause: error });
  }
  if (code === UNKNOWN_PARAMETER && /configuration parameter/.test(message)) {
    return new PawlError("CONFIG", `${message}. Take it out of DATABASE_URL`, { cause: error });
  }
  if (code === NUL_IN_JSON || (code === NOT_JSON && /json/.test(message))) return unstorable(error);
  const isUnreachable = error instanceof DeadlineError || (code !== null && UNREACHABLE.test(code));
  return isUnreachable ? new PawlError("LEDGER_UNAVAILABLE", message, { cause: error }) : error;
}

/** SQLSTATE, or the code of Node. By shape, not `instanceof`: the errors of Node's own modules belong to another realm under jest. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

function reasonOf(error: unknown): string {
  // Where every address of a host name failed, Node's error has a code and no message.
  const bare =
    typeof error === "object" && error !== null && "message" in error && error.message === "";
  return String(bare && "code" in error ? error.code : error);
}

/** The address without user and password. */
export function placeOf(url: string): string {
  const path = socketPathOf(url);
  if (path !== null) return path;
  return URL.canParse(url) ? new URL(url).host : "DATABASE_URL";
}

function safeInteger(digits: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw new Error(`${digits} is too large for a number`);
  return value;
}
