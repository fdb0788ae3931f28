// Which database the settings name: DATABASE_URL, and what libpq's variables say beside it.
//
// Without DATABASE_URL, PGHOST alone names one only where Temporal's address is set too: it stands in many shells for
// the sake of other programs, and `pawl run` brings a database of its own. `DATABASE_URL=postgres://` says that all of
// it is in those variables.

import { namesOf, ENVIRONMENT, type Variable } from "./environment.ts";
import type { DatabaseAccess } from "./conninfo/access.ts";
import { readAccess } from "./conninfo/read-access.ts";
import { ConninfoError, type Said } from "./conninfo/words.ts";

type Libpq = { readonly [Word in keyof typeof ENVIRONMENT.libpq]?: string | undefined };

interface Settings {
  readonly database: { readonly url?: string | undefined };
  readonly libpq: Libpq;
  readonly temporal: { readonly address?: string | undefined };
}

/** All names of libpq that are read. */
export const LIBPQ_NAMES: readonly string[] = Object.values<Variable>(ENVIRONMENT.libpq).flatMap(
  namesOf,
);

/** Null where they name none, or what can't be read: then why is told. */
export function databaseAccess(
  { database, libpq, temporal }: Settings,
  complain: (issue: string) => void,
): DatabaseAccess | null {
  const isNamed = libpq.host !== undefined || libpq.hostaddr !== undefined;
  if (database.url === undefined && !(isNamed && temporal.address !== undefined)) return null;
  try {
    return readAccess(database.url ?? "", wordsIn(libpq));
  } catch (error) {
    if (!(error instanceof ConninfoError)) throw error;
    complain(error.message);
    return null;
  }
}

function wordsIn(libpq: Libpq): ReadonlyMap<string, Said> {
  const words = Object.entries<Variable>(ENVIRONMENT.libpq).flatMap(([word, { name }]) => {
    const value = Object.entries(libpq).find(([known]) => known === word)?.[1];
    return value === undefined ? [] : [[word, { value, from: name }] as const];
  });
  return new Map(words);
}
