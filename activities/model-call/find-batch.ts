// What has become of a call in the batch lane. Where nobody heard the id of its batch (the worker died,
// or the answer was lost), the batch is looked for: the API tells which requests a batch holds only with
// its results, so every batch of that moment that is nobody else's is waited for and asked.

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { CATALOGUE } from "../../src/domain/errors.ts";
import type { BatchedResult, ProviderBatch } from "../../src/model/provider-batches.ts";
import { ModelCallError } from "../../src/model/model.ts";
import { failure, holdIdOf } from "../attempt.ts";
import type { CallAttempt } from "./call-attempt.ts";
import type { Found, Sought } from "./lane.ts";

/** What the provider's clock and ours may differ by, and how late a request may arrive. */
const CLOCKS_DIFFER_MS = 120_000;

/** A cancelled batch ends when what was begun is done; whoever gives up does not wait for long. */
const CANCEL_PATIENCE_MS = 10_000;
const CANCEL_POLL_MS = 250;

export async function findBatch(at: CallAttempt, sought: Sought): Promise<Found> {
  try {
    return sought.providerBatchId === null
      ? await searched(at, sought)
      : await lookedAt(at, sought, sought.providerBatchId);
  } catch (error) {
    if (!(error instanceof ModelCallError)) throw error;
    const { code, message } = error;
    if (code === "PROVIDER_STREAM_INVALID") return { kind: "lost", message };
    if (CATALOGUE[code].fate === "retry" || sought.giveUp) return { kind: "pending", message };
    throw failure(code, message, { cause: error });
  }
}

async function lookedAt(
  { deps: { providerBatches }, attempt }: CallAttempt,
  { giveUp }: Sought,
  providerBatchId: string,
): Promise<Found> {
  let seen = await providerBatches.look(providerBatchId);
  if (seen !== null && !seen.hasEnded && giveUp) {
    await providerBatches.cancel(providerBatchId);
    const deadline = Date.now() + CANCEL_PATIENCE_MS;
    seen = await providerBatches.look(providerBatchId);
    while (seen !== null && !seen.hasEnded && Date.now() < deadline) {
      await delay(CANCEL_POLL_MS);
      seen = await providerBatches.look(providerBatchId);
    }
  }
  if (seen === null) return lost(`the provider knows no batch ${providerBatchId} any more`);
  if (!seen.hasEnded) return { kind: "pending", message: `batch ${providerBatchId} is under way` };
  const result = await providerBatches.resultOf(providerBatchId, customIdOf(holdIdOf(attempt)));
  return result === null
    ? lost(`batch ${providerBatchId} has no such request`)
    : ended(result, seen);
}

function ended(result: BatchedResult, { createdAt, endedAt }: ProviderBatch): Found {
  switch (result.kind) {
    case "succeeded":
      return { kind: "replied", reply: result.reply, repliedAt: endedAt ?? createdAt };
    case "errored":
      return {
        kind: "free",
        code: "BATCH_ERRORED",
        message: `the batch failed: ${result.message}`,
      };
    case "expired":
      return {
        kind: "free",
        code: "BATCH_EXPIRED",
        message: `the batch expired: ${result.message}`,
      };
    case "canceled":
      return { kind: "free", code: "BATCH_CANCELED", message: "the batch was cancelled" };
  }
}

async function searched(
  { deps: { providerBatches, laneCalls }, attempt }: CallAttempt,
  { ticket }: Sought,
): Promise<Found> {
  const holdId = holdIdOf(attempt);
  const from = new Date(Date.parse(ticket.sentAfter) - CLOCKS_DIFFER_MS);
  const to = new Date(Date.parse(ticket.sentBefore) + CLOCKS_DIFFER_MS);
  const made = await providerBatches.createdBetween(from, to);
  const others = await laneCalls.known(made.map(({ id }) => id));
  const candidates = made.filter((batch) => batch.requestCount === 1 && !others.has(batch.id));
  for (const batch of candidates.filter(({ hasEnded }) => hasEnded)) {
    const result = await providerBatches.resultOf(batch.id, customIdOf(holdId));
    if (result === null) continue;
    await laneCalls.note(holdId, batch.id);
    return ended(result, batch);
  }
  const waiting = candidates.filter(({ hasEnded }) => !hasEnded).length;
  if (waiting === 0) return lost("no batch of that moment holds the call");
  const message = `the call is in one of ${waiting} batches under way, or in none`;
  return { kind: "pending", message };
}

function lost(message: string): Found {
  return { kind: "lost", message };
}

/**
 * What a call is named in its batch; the API takes 64 characters. It follows from the hold, so that whoever
 * finds a result that nobody waits for knows whose it is.
 */
export function customIdOf(holdId: string): string {
  return `pawl_${createHash("sha256").update(holdId).digest("hex").slice(0, 40)}`;
}
