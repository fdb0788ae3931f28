// Brings the schema up to date. Any number of processes may call it at once, at every start: where nothing is
// due it only reads.
//
// N1. Each step of the tables is one transaction with the row that records it, and is applied once: whoever
//     applies one holds an advisory lock, and looks again once it has it.
// N2. A step waits two seconds for a table at most, so that the calls behind it never wait for longer; then
//     it tries again. What it does then may take as long as it takes: no deadline, no statement_timeout.
// N3. Functions are replaced in one transaction, and those that no file holds any more are dropped in it.
//     Replaced, not dropped and made: a call under way finds those that it goes on to call.

import { setTimeout as pause } from "node:timers/promises";
import { codeOf } from "../domain/error-code.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";
import { openDatabase, type Database, type DatabaseWhere } from "./database.ts";
import { literal } from "./literal.ts";
import { readSchema, type FunctionSet, type Schema, type TableStep } from "./migrations.ts";
import {
  foreign,
  FUNCTIONS_NUMBER,
  reached,
  readSchemaState,
  sentenceOf,
  type Due,
} from "./schema-state.ts";

export interface MigrateOptions {
  readonly schema?: Schema;
  /** How long it is tried again while a table or the lock is another's. */
  readonly patienceMs?: number;
  /** Once for each step that has to wait for longer than a moment, with a sentence that says what for. */
  readonly onWait?: (message: string) => void;
  /** What a moment is: a process that may not apply a step holds the lock for one, too. */
  readonly momentMs?: number;
}

const PATIENCE_MS = 300_000;
const RETRY_MS = 200;
const MOMENT_MS = 1000;
/** Any advisory lock will do that nothing else in the database takes. */
const LOCK = 7_295_401;
/** A code of ours: another process is at it, or was first. */
const ANOTHER = "PW001";
const LOCK_NOT_AVAILABLE = "55P03";
const INVALID_FUNCTION_DEFINITION = "42P13";

/** Returns what it applied, by name. Throws SCHEMA_BEHIND where something is due that this role may not do. */
export async function migrate(
  where: DatabaseWhere,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const db = openDatabase(where, { connectionsMax: 1 });
  try {
    return await reached(applyDue(db, options));
  } finally {
    await db.end();
  }
}

async function applyDue(db: Database, options: MigrateOptions): Promise<readonly string[]> {
  const { schema = readSchema(), patienceMs = PATIENCE_MS } = options;
  const deadline = Date.now() + patienceMs;
  const applied: string[] = [];
  const tell = tellingOnce(options);
  while (true) {
    const state = await readSchemaState(db, schema);
    if (state.kind === "current") return applied;
    if (state.kind === "foreign") throw foreign(state.why);
    const step = schema.tables.find(({ name }) => name === state.due.tables[0]);
    const name = step?.name ?? "functions";
    const triedAtMs = Date.now();
    try {
      await (step === undefined ? applyFunctions(db, schema.functions) : applyStep(db, step));
      applied.push(name);
    } catch (error) {
      const why = reasonToWait(error);
      if (why === null) throw refusal(error, state.due);
      if (Date.now() > deadline) throw stillBusy(name, why, error);
      tell({ name, why, triedAtMs });
      await pause(RETRY_MS);
    }
  }
}

interface Wait {
  readonly name: string;
  readonly why: string;
  readonly triedAtMs: number;
}

/** A step that waits for no longer than a moment since it was first tried is not told. */
function tellingOnce({ onWait = () => {}, momentMs = MOMENT_MS }: MigrateOptions) {
  const dueAtMs = new Map<string, number>();
  return ({ name, why, triedAtMs }: Wait): void => {
    const dueMs = dueAtMs.get(name) ?? triedAtMs + momentMs;
    const isDue = Date.now() >= dueMs;
    dueAtMs.set(name, isDue ? Infinity : dueMs);
    if (isDue) onWait(`Step ${name} of the schema waits: ${why}.`);
  };
}

async function applyStep(db: Database, step: TableStep): Promise<void> {
  if (step.isConcurrent) return await applyConcurrently(db, step);
  await db.script(`
    ${settings({ lock_timeout: "2s" })}
    do ${literal(`begin
      ${begin(`number = ${step.number}`)}
      execute ${literal(step.sql)};
      ${record(step)}
    end`)}`);
}

async function applyFunctions(db: Database, functions: FunctionSet): Promise<void> {
  try {
    await db.script(functionsScript(functions, "drop what is gone"));
  } catch (error) {
    // The type of a result, or the name of an argument, can't be replaced.
    if (codeOf(error) !== INVALID_FUNCTION_DEFINITION) throw error;
    await db.script(functionsScript(functions, "drop all first"));
  }
}

/** Twice: the first time nothing looks whether a function is there that another one calls. */
function functionsScript(
  { hash, sql, version }: FunctionSet,
  order: "drop all first" | "drop what is gone",
): string {
  const row = { number: FUNCTIONS_NUMBER, name: `functions ${version}`, hash };
  return `
    ${settings({ lock_timeout: "2s", check_function_bodies: "off" })}
    do ${literal(`declare
      doomed text;
    begin
      ${begin(`number = ${FUNCTIONS_NUMBER} and hash = ${literal(hash)}`)}
      ${order === "drop all first" ? dropWhere("true") : ""}
      execute ${literal(sql)};
      perform set_config('check_function_bodies', 'on', true);
      execute ${literal(sql)};
      ${dropWhere("p.xmin::text <> (txid_current() % 4294967296)::text")}
      ${record(row)}
    end`)}`;
}

/** Without a transaction, so by the session's lock: it takes a connection of its own, and no pooler between. */
async function applyConcurrently(db: Database, step: TableStep): Promise<void> {
  const [lock] = await db<{ readonly mine: boolean }>`select pg_try_advisory_lock(${LOCK}) as mine`;
  if (lock?.mine !== true) throw new AnotherError("another process migrates");
  try {
    await db.script("set statement_timeout = 0");
    // What an attempt left that did not come to its end has the name and serves nobody.
    const halfMade = await db<{ readonly name: string }>`
      select c.oid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
      where not i.indisvalid and c.relnamespace = to_regnamespace('pawl')`;
    for (const { name } of halfMade) await db.script(`drop index concurrently if exists ${name}`);
    for (const statement of step.sql.split(/;\s*$/m)) {
      if (/^(?!--)./m.test(statement)) await db.script(statement);
    }
    await db.script(record(step));
  } finally {
    await db`select pg_advisory_unlock(${LOCK})`;
  }
}

/** Until the end of the transaction; each holds from the next statement of the message on. */
function settings(named: Readonly<Record<string, string>>): string {
  const all = Object.entries({ statement_timeout: "0", ...named });
  return `select ${all.map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, true)`).join(", ")};`;
}

/** Never waits for the lock: who waits in SQL holds a snapshot, which `create index concurrently` waits for. */
function begin(alreadyDone: string): string {
  const another = (message: string): string =>
    `raise exception ${literal(message)} using errcode = ${literal(ANOTHER)};`;
  return `
    if not pg_try_advisory_xact_lock(${LOCK}) then ${another("another process migrates")} end if;
    if to_regclass('pawl.migration') is null then
      if to_regnamespace('pawl') is null then create schema pawl; end if;
      create table pawl.migration (
        number integer primary key, name text not null, hash text not null,
        applied_at timestamptz not null default now());
    elsif exists (select from pawl.migration where ${alreadyDone}) then ${another("another process was first")}
    end if;`;
}

function record({ number, name, hash }: Pick<TableStep, "number" | "name" | "hash">): string {
  return `
    insert into pawl.migration (number, name, hash) values (${number}, ${literal(name)}, ${literal(hash)})
    on conflict (number) do update
    set name = excluded.name, hash = excluded.hash, applied_at = excluded.applied_at;`;
}

function dropWhere(condition: string): string {
  return `
    for doomed in
      select p.oid::regprocedure::text from pg_proc p
      where p.pronamespace = 'pawl'::regnamespace and ${condition}
    loop
      execute 'drop routine ' || doomed;
    end loop;`;
}

class AnotherError extends Error {
  readonly code = ANOTHER;
}

function refusal(error: unknown, due: Due): unknown {
  if (!isPawlError(error) || error.code !== "DATABASE_REFUSED") return error;
  const message = `${sentenceOf(due)} This role may not apply that: ${error.message}.`;
  return new PawlError("SCHEMA_BEHIND", message, { cause: error });
}

function reasonToWait(error: unknown): string | null {
  switch (codeOf(error)) {
    case ANOTHER:
      return "another process is at it";
    case LOCK_NOT_AVAILABLE:
      return "a long transaction, such as a dump or a report, keeps its tables locked";
    default:
      return null;
  }
}

function stillBusy(name: string, why: string, cause: unknown): PawlError {
  return new PawlError(
    "BACKEND_UNREACHABLE",
    `Step ${name} of the schema was not applied: ${why}. It can be tried again at any time.`,
    { cause },
  );
}
