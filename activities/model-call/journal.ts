// What earlier attempts at a call left behind: a reply that was received and paid, or a submission.

import type { Reply, Ticket } from "../../src/domain/call.ts";
import type { Journaled, Submitted } from "../../src/store/ledger.ts";
import type { Attempt } from "../attempt.ts";

/** The charges for attempts that died after the reply was journaled are newer than the journal. */
export function adopted({
  reply,
  crashTaxMicroUsd,
  attempts,
}: Pick<Journaled, "reply" | "crashTaxMicroUsd" | "attempts">): Reply {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- journaled by settle.ts
  const result = JSON.parse(reply) as Reply;
  return { ...result, crashTaxMicroUsd, attempts };
}

export function openTicket(
  { callKey }: Attempt,
  { attempt, providerBatchId, intendedAt }: Submitted,
): Ticket {
  return {
    kind: "submitted",
    callKey,
    attempt,
    providerBatchId,
    sentAfter: new Date(intendedAt).toISOString(),
    sentBefore: new Date().toISOString(),
  };
}
