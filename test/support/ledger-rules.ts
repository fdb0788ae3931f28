// The rules of money as queries over what is stored, whatever ledger wrote it.

import type { Database } from "../../src/store/database.ts";

interface Balance {
  readonly key: string;
  readonly committed: number;
}

/** L1: held + spent is within the cap, for every account that has one. */
export async function assertWithinCaps(
  db: Database,
  capOf: (key: string) => number | null,
): Promise<void> {
  const balances = await db<Balance>`
    select key, (held_micro_usd + spent_micro_usd)::bigint as committed from pawl.account`;
  for (const { key, committed } of balances) {
    const cap = capOf(key);
    if (cap !== null && committed > cap) {
      throw new Error(`${key} has committed ${committed}, more than its cap of ${cap}`);
    }
  }
}

/** L3: the balances are the sums over the holds. */
export async function assertSumsUp(db: Database): Promise<void> {
  const wrong = await db<{ readonly key: string }>`
    with sums as (
      select k as key, sum(held_micro_usd) filter (where state = 'held') as held, sum(spent_micro_usd) as spent
      from pawl.hold, unnest(account_keys) k group by k)
    select key from pawl.account full join sums using (key)
    where held_micro_usd is distinct from coalesce(held, 0)
      or spent_micro_usd is distinct from coalesce(spent, 0)`;
  if (wrong.length > 0) throw new Error(`balances that are no sums: ${JSON.stringify(wrong)}`);
}

export async function assertAtRest(db: Database): Promise<void> {
  const held = await db`select key from pawl.account where held_micro_usd <> 0`;
  if (held.length > 0) throw new Error(`held at rest: ${JSON.stringify(held)}`);
}

/** L2: who was told that a hold was settled, charged or voided was told the truth, for good. */
export async function assertResolvedAs(db: Database, holdId: string, told: string): Promise<void> {
  const rows = await db<{ readonly state: string }>`
    select state from pawl.hold where hold_id = ${holdId}`;
  const state = rows[0]?.state === "unsent" ? "voided" : rows[0]?.state;
  if (state !== told) throw new Error(`${holdId} was said to be ${told} and is ${state}`);
}
