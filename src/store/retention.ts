// Forgets what is older than it is to be kept. Little at a time and with pauses, so that calls hardly notice; every
// step can be repeated, and what one pass leaves the next one finds.
//
// W1. Nothing of a run that is open goes, however long it waits.
// W2. Money that is held or feared stays, with the run and the account that it is in.
// W3. A batch keeps its items, and the runs of them, until it is over itself.
// W4. Bodies go before what names them, so a pass that was cut short leaves nothing that no pass finds.

import { isPawlError } from "../domain/errors.ts";
import type { Database } from "./database.ts";
import {
  beginPass,
  type Forgotten,
  type RetentionPass,
  type RetentionTerms,
} from "./retention-pass.ts";
import { BY_AGE } from "./retention-policy.ts";
import { forgetBatches, forgetEndedRuns, forgetRunsWithoutRecord } from "./retention-runs.ts";

export async function forgetOld(terms: RetentionTerms): Promise<Forgotten> {
  const pass = beginPass(terms);
  const { db, before, day, rowsMax } = pass;
  await forgetCalls(pass);
  await forgetBatches(pass);
  await forgetEndedRuns(pass);
  await forgetRunsWithoutRecord(pass);
  await pass.drain(
    "accounts",
    () => db`select pawl.forget_accounts(${before}, ${rowsMax}) as gone`,
  );
  await pass.drain("raises", () => db`select pawl.forget_raises(${day}, ${rowsMax}) as gone`);
  for (const [table, column] of BY_AGE) {
    await pass.drain(
      table,
      () => db`
      select pawl.forget_older(${table}, ${column}, ${before}, ${rowsMax}) as gone`,
    );
  }
  return pass.forgotten;
}

/** Whole days at once, where this role may drop tables; what is left of them row by row. */
async function forgetCalls(pass: RetentionPass): Promise<void> {
  const { db, day, rowsMax } = pass;
  try {
    const drop = () => db<{ name: string | null }>`select pawl.drop_call_day(${day}) as name`;
    while (((await pass.once(drop))?.name ?? null) !== null) pass.count("call days", 1);
  } catch (error) {
    if (!isPawlError(error) || error.code !== "DATABASE_REFUSED") throw error;
  }
  await pass.drain("calls", () => db`select pawl.forget_calls(${day}, ${rowsMax}) as gone`);
}

/** Whose turn it is, of all workers: at most one in that time. */
export async function takeChore(db: Database, name: string, everyMs: number): Promise<boolean> {
  const [row] = await db<{ mine: boolean }>`select pawl.take_chore(${name}, ${everyMs}) as mine`;
  return row?.mine === true;
}
