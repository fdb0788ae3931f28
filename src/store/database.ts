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
import { literal, type SqlValue } from "./literal.ts";
import { readMigrations } from "./migrations.ts";

export interface Database {
  /** ``db<Row>`select … where run_id = ${runId}` ``: values become literals. JSON and bigint columns are parsed. */
  <Row extends object>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]>;
  /** Several statements as one transaction. */
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
  const where = placeOf(url);
  let pool = openPool(url, connectionsMax);
  let replaced: Promise<unknown> = Promise.resolve();

  const send = async <Row extends object>(text: string): Promise<readonly Row[]> => {
    const asked = pool;
    try {
      return await withDeadline(asked.unsafe<Row[]>(text), timeoutMs);
    } catch (error) {
      // A connection that went silent would be given more statements: the whole pool is replaced.
      if (error instanceof DeadlineError && asked === pool) {
        pool = openPool(url, connectionsMax);
        replaced = Promise.all([replaced, asked.end({ timeout: CLOSE_TIMEOUT_S })]);
      }
      throw isUnreachable(error) ? unavailable(where, error) : error;
    }
  };
  const query = <Row extends object>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> => send<Row>(String.raw({ raw: strings }, ...values.map(literal)));
  return Object.assign(query, {
    script: async (text: string) => void (await send(text)),
    end: async () => {
      await Promise.all([replaced, pool.end({ timeout: CLOSE_TIMEOUT_S })]);
    },
  });
}

function openPool(url: string, connectionsMax: number) {
  return postgres(url, {
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

/** Any advisory lock will do that nothing else in the database takes. */
const MIGRATION_LOCK = 7_295_401;

/** Brings the schema up to date. Any number of processes may call it at once, at every start. */
export async function migrate(db: Database): Promise<void> {
  const steps = readMigrations().map(
    ({ number, name, sql }) => `
      if not exists (select from pawl.migration where number = ${number}) then
        execute ${literal(sql)};
        insert into pawl.migration (number, name) values (${number}, ${literal(name)});
      end if;`,
  );
  try {
    await db.script(`
      select pg_advisory_xact_lock(${MIGRATION_LOCK});
      create schema if not exists pawl;
      create table if not exists pawl.migration (
        number integer primary key, name text not null, applied_at timestamptz not null default now());
      do ${literal(`begin ${steps.join("")} end`)};`);
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    throw new PawlError("BACKEND_UNREACHABLE", error.message, { cause: error.cause });
  }
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

/**
 * Codes of Node, of the driver (CONNECT…, CONNECTION_…) and of Postgres: connections (class 08), resources (53),
 * an operator's intervention (57P), and transactions that lost against another one (class 40).
 */
const UNREACHABLE =
  /^(E[A-Z]+|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|08\w{3}|53\w{3}|57P\w{2}|40\w{3})$/;

/** By shape, not `instanceof`: the errors of Node's own modules belong to another realm under jest. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof DeadlineError) return true;
  if (typeof error !== "object" || error === null) return false;
  return "code" in error && typeof error.code === "string" && UNREACHABLE.test(error.code);
}

function unavailable(where: string, cause: unknown): PawlError {
  // Where every address of a host name failed, Node's error has a code and no message.
  const bare =
    typeof cause === "object" && cause !== null && "message" in cause && cause.message === "";
  const reason = bare && "code" in cause ? cause.code : cause;
  return new PawlError("LEDGER_UNAVAILABLE", `Postgres at ${where}: ${String(reason)}`, { cause });
}

/** The address without user and password. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "DATABASE_URL";
}

function safeInteger(digits: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw new Error(`${digits} is too large for a number`);
  return value;
}
