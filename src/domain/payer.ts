// Who pays for the calls of a run: its tenant, session and agent, and what it shares by its order.

import { batchAccountKey } from "./batch.ts";
import type { Payer, Share } from "./call.ts";
import type { BatchShare, RunInput } from "./run.ts";

export function payerOf({ tenant, session, agent, batch }: RunInput): Payer {
  return { tenant, session, agent, shares: batch === undefined ? [] : [shareOf(batch)] };
}

function shareOf({ batchId, capMicroUsd }: BatchShare): Share {
  return { key: batchAccountKey(batchId), limit: "batch", capMicroUsd };
}
