// A ledger whose every operation travels in one batch with what others book: holds of strangers, and ends of
// theirs. What it answers and leaves behind must be what it would be alone.

import type { Database } from "../../src/store/database.ts";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "./attempts.ts";

let strangers = 0;

export function amongStrangers(db: Database): Ledger {
  const ledger = createLedger(db);
  async function crowded<T>(own: () => Promise<T>): Promise<T> {
    const name = `stranger-${(strangers += 1)}`;
    const run = (n: number) =>
      anAttempt(`${name}-${n}`, [], { tenant: `tenant of ${name}`, session: `${n}` });
    await ledger.startAttempt(run(1));
    await ledger.startAttempt(run(2));
    const before = [ledger.startAttempt(run(3)), ledger.settle(aSettlement(`${name}-1/1/1`, 7))];
    const answer = own();
    const after = [ledger.lose(`${name}-2/1/1`), ledger.startAttempt(run(4))];
    // Where our own is refused the strangers go again alone: none of them is left to run into the next test.
    await Promise.allSettled([answer]);
    await Promise.all([...before, ...after]);
    return await answer;
  }
  return {
    ...ledger,
    resumeCall: (attempt) => crowded(() => ledger.resumeCall(attempt)),
    startAttempt: (request) => crowded(() => ledger.startAttempt(request)),
    settle: (settlement) => crowded(() => ledger.settle(settlement)),
    lose: (holdId, loss) => crowded(() => ledger.lose(holdId, loss)),
    void: (holdId, options) => crowded(() => ledger.void(holdId, options)),
  };
}
