// Usage that was settled lies in a tail until it is summed up (sql/functions/roll-up.sql). Figures add both, so
// they are exact whether or not anybody does this; it keeps the tail short.

import type { Database } from "./database.ts";

export const ROLL_UP_ROWS_MAX = 20_000;

/** How many rows it took off the tail: 0 as well where another worker is at it. */
export async function rollUp(db: Database, rowsMax = ROLL_UP_ROWS_MAX): Promise<number> {
  const [row] = await db<{ taken: number }>`select pawl.roll_up(${rowsMax}) as taken`;
  return row?.taken ?? 0;
}
