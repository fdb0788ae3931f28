// The one way to Postgres: statements that are complete in themselves, each a single protocol message.
//
// D1. One statement is one round trip and one transaction: a client that dies or freezes leaves no
//     transaction open and no lock held.
// D2. No session state (prepared statements, settings, LISTEN): PGlite behind pglite-socket has one
//     session for all its clients, and a transaction pooler hands out any of its own.
// D3. A server that can't be reached is a PawlError. Whether a statement that was under way took
//     effect is then unknown, so every operation of the store can be repeated.

import { codeOf } from "../domain/error-code.ts";
import { PawlError } from "../domain/errors.ts";
import { placesOf, type DatabaseAccess } from "../conninfo/access.ts";
import { readAccess } from "../conninfo/read-access.ts";
import { ConninfoError } from "../conninfo/words.ts";
import { failureOf, READ_ONLY } from "./failures.ts";
import { findSession } from "./find-session.ts";
import { literal, type SqlValue } from "./literal.ts";
import { Pool } from "./pool.ts";

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

/** By a string nobody is asked but the string: libpq's variables are part of what `readConfig` read. */
export type DatabaseWhere = DatabaseAccess | string;

export interface DatabaseOptions {
  readonly connectionsMax?: number;
  /** What an answer may take; a half-open connection gives none. */
  readonly timeoutMs?: number;
}

/** Connects when the first statement is sent. */
export function openDatabase(where: DatabaseWhere, options: DatabaseOptions = {}): Database {
  const { connectionsMax = 10, timeoutMs = 30_000 } = options;
  const access = accessOf(where);
  const pool = new Pool((signal) => findSession(access, signal), { sessionsMax: connectionsMax });

  const send = async <Row extends object>(
    text: string,
    deadlineMs: number | null = timeoutMs,
  ): Promise<readonly Row[]> => {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who asks knows what the columns are
      return (await pool.ask(text, deadlineMs)) as readonly Row[];
    } catch (error) {
      // Sessions that lead to a server that was the primary would be given more statements.
      if (codeOf(error) === READ_ONLY) pool.renew();
      throw failureOf(error, access);
    }
  };
  const query = async <Row extends object>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> =>
    await send<Row>(String.raw({ raw: strings }, ...values.map(literal)));
  return Object.assign(query, {
    script: async (text: string) => void (await send(text, null)),
    end: async () => await pool.end(),
  });
}

/** The address without user and password. */
export function placeOf(where: DatabaseWhere): string {
  return placesOf(accessOf(where));
}

function accessOf(where: DatabaseWhere): DatabaseAccess {
  if (typeof where !== "string") return where;
  try {
    return readAccess(where);
  } catch (error) {
    // Without the cause: nothing of the string goes further.
    if (error instanceof ConninfoError) throw new PawlError("CONFIG", error.message);
    throw error;
  }
}
