// Bugs that the books exist to exclude, planted into their functions: the tests of money must catch each. What is
// planted is today's function with the one thing changed; `restoreFunctions` takes it out again.

import type { Database } from "../../src/store/database.ts";
import { readSchema } from "../../src/store/migrations.ts";

/** Reads balances, decides, and only then adds: nobody has locked them meanwhile. */
export async function plantCheckThenAdd(db: Database, sleepS = 3): Promise<void> {
  await withoutAccountLock(db);
  await replaced(db, "pawl.decide(jsonb,text[],pawl.call[],jsonb[])", [
    [
      /update pawl\.account a set[\s\S]*?;\n/,
      `perform pg_sleep(${sleepS});
       perform 1 from pawl.account where key = any (keys) order by key for update;
       update pawl.account a set spent = a.spent + d.spent, feared = a.feared + d.feared, held = a.held + d.held
       from (
         select key, sum(spent)::bigint as spent, sum(feared)::bigint as feared, sum(held)::bigint as held from (
           select key, c.spent::bigint, c.feared::bigint, -c.amount::bigint as held
           from unnest(closes) c, unnest(pawl.account_keys(c.tenant, c.session, c.day, c.shares)) key
           union all
           select key, 0, 0, g.amount
           from unnest(granted) g, unnest(pawl.account_keys(g.tenant, g.session, g.day, g.shares)) key
         ) moved group by key
       ) d
       where a.key = d.key;\n`,
    ],
  ]);
}

/** Nobody locks an account: two workers write what each of them reckoned, after a pause that lets them meet. */
export async function plantNoAccountLock(db: Database, sleepS: number): Promise<void> {
  await withoutAccountLock(db);
  await replaced(db, "pawl.decide(jsonb,text[],pawl.call[],jsonb[])", [
    [/(update pawl\.account a set)/, `perform pg_sleep(${sleepS});\n       $1`],
  ]);
}

async function withoutAccountLock(db: Database): Promise<void> {
  await replaced(db, "pawl.lock_batch(jsonb,boolean)", [
    [/(from pawl\.account where key = any \(keys\) order by key) for update/, "$1"],
  ]);
}

/** The default of many comes before a payer's own. */
export async function plantFarthestBudget(db: Database): Promise<void> {
  await replaced(db, "pawl.cap_of(text,text[])", [[/order by k\.nth/, "order by k.nth desc"]]);
}

/** The answer is told before the disk has it. */
export async function plantNoWaitForDisk(db: Database): Promise<void> {
  await replaced(db, "pawl.book_durably(jsonb,jsonb)", [
    [/perform set_config\('synchronous_commit', case[\s\S]*?'pawl', ''\);/, ""],
  ]);
}

/** No bug: the moment between the look at leases and what is done about them, long enough to do something in it. */
export async function plantPauseBehindVerdicts(db: Database, sleepS: number): Promise<void> {
  await replaced(db, "pawl.book(jsonb)", [
    [/dead := pawl\.dead_holds/, `perform pg_sleep(${sleepS}); dead := pawl.dead_holds`],
  ]);
}

export async function restoreFunctions(db: Database): Promise<void> {
  await db.script(readSchema().functions.sql);
}

async function replaced(
  db: Database,
  signature: string,
  changes: readonly (readonly [RegExp, string])[],
): Promise<void> {
  const [found] = await db<{ readonly text: string }>`
    select pg_get_functiondef(${signature}::regprocedure) as text`;
  let text = found?.text ?? "";
  for (const [what, by] of changes) {
    if (!what.test(text)) throw new Error(`${signature} has nothing like ${String(what)}`);
    text = text.replace(what, by);
  }
  await db.script(text);
}
