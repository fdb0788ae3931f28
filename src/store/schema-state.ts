// Whether the schema in the database is the one this build works with, found out by reading alone: a role
// without the right to make tables, a hot standby and a newer worker's database are all asked the same way.

import { isPawlError, PawlError } from "../domain/errors.ts";
import type { Database } from "./database.ts";
import { readSchema, type Schema } from "./migrations.ts";

export type SchemaState =
  | { readonly kind: "current" }
  | { readonly kind: "behind"; readonly due: Due }
  /** Of another Pawl: it has steps that this one does not know, or has others under the same number. */
  | { readonly kind: "foreign"; readonly why: string };

export interface Due {
  /** By name, in their order. */
  readonly tables: readonly string[];
  readonly functions: boolean;
  /** Nothing of Pawl is there yet. */
  readonly isFirst: boolean;
}

interface Recorded {
  readonly number: number;
  readonly name: string;
  readonly hash: string | null;
}

/** The row of `pawl.migration` that is about the functions; its name is `functions` and the version they are from. */
export const FUNCTIONS_NUMBER = 0;

/** Throws SCHEMA_BEHIND, SCHEMA_FOREIGN or BACKEND_UNREACHABLE, in words for who operates it. */
export async function checkSchema(db: Database, schema: Schema = readSchema()): Promise<void> {
  const state = await reached(readSchemaState(db, schema));
  if (state.kind === "foreign") throw foreign(state.why);
  if (state.kind === "behind") throw new PawlError("SCHEMA_BEHIND", sentenceOf(state.due));
}

export async function readSchemaState(db: Database, schema: Schema): Promise<SchemaState> {
  const [found] = await db<{ readonly there: boolean }>`
    select to_regclass('pawl.migration') is not null as there`;
  // By way of JSON, so that a table without one of the columns is read as well.
  const recorded =
    found?.there === true
      ? await db<Recorded>`
          select number, name, to_jsonb(m) ->> 'hash' as hash from pawl.migration m order by number`
      : [];
  return compare(recorded, schema);
}

/** To who starts something, a database that is away is a backend that is away. */
export async function reached<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isPawlError(error) || error.code !== "LEDGER_UNAVAILABLE") throw error;
    throw new PawlError("BACKEND_UNREACHABLE", error.message, {
      cause: error.cause,
      next: "check DATABASE_URL, and that the server runs; `pawl doctor` looks for you",
    });
  }
}

export function foreign(why: string): PawlError {
  return new PawlError("SCHEMA_FOREIGN", `The schema in the database is of another Pawl: ${why}.`);
}

/** What is due, for people. */
export function sentenceOf({ tables, functions, isFirst }: Due): string {
  if (isFirst) return "The database has no schema of Pawl yet.";
  const due = [...tables, ...(functions ? ["functions"] : [])].join(", ");
  return `The schema in the database is not that of this Pawl: due are ${due}.`;
}

function compare(recorded: readonly Recorded[], { tables, functions }: Schema): SchemaState {
  const byNumber = new Map(recorded.map((row) => [row.number, row]));
  const edited = tables.find(({ number, hash }) => {
    const row = byNumber.get(number);
    return row !== undefined && row.hash !== hash;
  });
  if (edited !== undefined) {
    const was = byNumber.get(edited.number)?.name ?? edited.name;
    const how = was === edited.name ? "was applied with another content" : `was ${was} there`;
    return { kind: "foreign", why: `step ${edited.name} ${how}` };
  }
  const known = new Set(tables.map(({ number }) => number)).add(FUNCTIONS_NUMBER);
  const newer = recorded.filter(({ number }) => !known.has(number)).map(({ name }) => name);
  if (newer.length > 0) {
    return { kind: "foreign", why: `this one is older and does not know ${newer.join(", ")}` };
  }
  const there = byNumber.get(FUNCTIONS_NUMBER);
  const isOther = there?.hash !== functions.hash;
  if (there !== undefined && isOther && isNewer(versionIn(there.name), functions.version)) {
    const why = `this one is ${functions.version}, and its functions are of ${versionIn(there.name)}`;
    return { kind: "foreign", why };
  }
  const due: Due = {
    tables: tables.filter(({ number }) => !byNumber.has(number)).map(({ name }) => name),
    functions: isOther,
    isFirst: recorded.length === 0,
  };
  return due.tables.length > 0 || due.functions ? { kind: "behind", due } : { kind: "current" };
}

function versionIn(name: string): string {
  return name.replace(/^functions /, "");
}

function isNewer(one: string, than: string): boolean {
  return one.localeCompare(than, "en", { numeric: true }) > 0;
}
