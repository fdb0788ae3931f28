// A call in the provider's batches. The API has no key that would make a submission repeatable, so the order
// does it: the hold and the intent are written first (U1), and an attempt that finds the intent of an earlier
// one sends nothing (U2). Whether that one came to make its batch is found out when it is looked for.

import type { Ticket } from "../../src/domain/call.ts";
import { failpoint } from "../../src/failpoint.ts";
import { ModelCallError } from "../../src/model/model.ts";
import type { Submitted } from "../../src/store/ledger.ts";
import { failure, holdIdOf, type Attempt } from "../attempt.ts";
import { logSubmission } from "./call-log.ts";
import { customIdOf, findBatch } from "./find-batch.ts";
import type { HeldCall, TicketLane } from "./lane.ts";
import { whileStoreIsAway } from "./patience.ts";

export const batchLane: TicketLane = { hasGate: false, send: submit, look: findBatch };

/** Of a submission that an earlier attempt has made, or may have. */
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

async function submit(held: HeldCall): Promise<Ticket> {
  const { callKey, attempt } = held.attempt;
  const sentAfter = new Date().toISOString();
  failpoint("batch_lane.before_create");
  const providerBatchId = await created(held);
  failpoint("batch_lane.after_create");
  if (providerBatchId !== null) await note(held, providerBatchId);
  logSubmission(held, providerBatchId);
  const sentBefore = new Date().toISOString();
  return { kind: "submitted", callKey, attempt, providerBatchId, sentAfter, sentBefore };
}

/** Null where a batch may have been made: the hold stays, and the batch is looked for. */
async function created({ deps, attempt, request, held }: HeldCall): Promise<string | null> {
  const bounded = { ...request, replyTokensMax: held.replyTokens };
  try {
    return await deps.providerBatches.create(bounded, customIdOf(holdIdOf(attempt)));
  } catch (error) {
    if (error instanceof ModelCallError && error.billing === "unknown") return null;
    throw error;
  }
}

/** An attempt that was given up meanwhile takes its batch back: its hold has been charged. */
async function note({ deps, attempt }: HeldCall, providerBatchId: string): Promise<void> {
  const { laneCalls, providerBatches } = deps;
  const tell = () => laneCalls.note(holdIdOf(attempt), providerBatchId);
  if ((await whileStoreIsAway(attempt, tell)) === "awaited") return;
  // Nobody waits for it: where it can't be taken back, it has been paid for.
  await providerBatches.cancel(providerBatchId).catch(() => undefined);
  throw failure("PROVIDER_STREAM_CUT", "this attempt was given up before its batch was made");
}
