// A ledger with the bug that the real one exists to exclude: it reads the balance, decides, and only
// then adds. The tests of the ledger must catch it.

import { worstCaseMicroUsd } from "../../src/domain/pricing.ts";
import type { Database } from "../../src/store/database.ts";
import {
  createLedger,
  type AttemptRequest,
  type AttemptStart,
  type Ledger,
} from "../../src/store/ledger.ts";

export function createCheckThenAddLedger(db: Database): Ledger {
  const ledger = createLedger(db);
  return { ...ledger, startAttempt: (request) => checkThenAdd(db, ledger, request) };
}

async function checkThenAdd(
  db: Database,
  ledger: Ledger,
  request: AttemptRequest,
): Promise<AttemptStart> {
  const askedMicroUsd = worstCaseMicroUsd(request.worst, request.replyTokensMax);
  for (const { key, limit, capMicroUsd, resetsAt } of request.accounts) {
    const state = await ledger.account(key);
    const spentMicroUsd = state?.spentMicroUsd ?? 0;
    const committed = spentMicroUsd + (state?.heldMicroUsd ?? 0);
    if (capMicroUsd !== null && committed + askedMicroUsd > capMicroUsd) {
      const leftMicroUsd = capMicroUsd - committed;
      const amounts = {
        askedMicroUsd,
        leftMicroUsd,
        spentMicroUsd,
        capMicroUsd,
        crashTaxMicroUsd: 0,
      };
      return { kind: "denied", limit, account: key, ...amounts, temporary: true, resetsAt };
    }
  }
  const uncapped = request.accounts.map((account) => ({ ...account, capMicroUsd: null }));
  const replyTokensMin = request.replyTokensMax;
  const start = await ledger.startAttempt({ ...request, accounts: uncapped, replyTokensMin });
  for (const { key, capMicroUsd } of request.accounts) {
    await db`update pawl.account set cap_micro_usd = ${capMicroUsd} where key = ${key}`;
  }
  return start;
}
