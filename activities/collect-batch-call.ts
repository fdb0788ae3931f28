// Looks whether a call in the batch lane has its reply, and settles it like any other: journal, real cost
// and transcript in one transaction (M3), adopted where that was done before (M1). What the provider says
// it did not answer is free; what nobody knows costs its hold (M4), and so does a batch that is left
// before it ended (M5).

import type {
  BatchUnserved,
  CollectBatchInput,
  CollectBatchResult,
} from "../src/domain/batch-lane.ts";
import { isPawlError } from "../src/domain/errors.ts";
import type { CallModelInput, Reply } from "../src/domain/run.ts";
import type { LaneCallState } from "../src/store/lane-calls.ts";
import { failure, holdIdOf, keepBeating, thisAttempt, type Attempt } from "./attempt.ts";
import { settle } from "./buy-reply.ts";
import { adopted, patience, requestOf } from "./call-model.ts";
import { loadConversation } from "./conversation.ts";
import type { ActivityDeps } from "./deps.ts";
import { findBatch, type Found } from "./find-batch.ts";
import { whileStoreIsAway } from "./patience.ts";

export function createCollectBatchCall(deps: ActivityDeps) {
  return async function collectBatchCall(input: CollectBatchInput): Promise<CollectBatchResult> {
    const { callKey, attempt: number } = input.ticket;
    // Who collects acts for the attempt that submitted: it has the hold.
    const attempt: Attempt = { ...thisAttempt(), callKey, attempt: number };
    const beating = keepBeating(attempt, deps.config.timers.heartbeatTimeoutMs);
    try {
      return await collect(deps, attempt, input);
    } catch (error) {
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    } finally {
      beating.stop();
    }
  };
}

async function collect(
  deps: ActivityDeps,
  attempt: Attempt,
  { call, ticket, giveUp }: CollectBatchInput,
): Promise<CollectBatchResult> {
  const holdId = holdIdOf(attempt);
  const read = () => deps.laneCalls.state(holdId);
  const state = await whileStoreIsAway(read, patience(attempt));
  const { reply, crashTaxMicroUsd, attempts } = state;
  if (reply !== null) return adopted({ reply, crashTaxMicroUsd, attempts });
  const unserved = (code: BatchUnserved["code"], message: string, tax: number): BatchUnserved => {
    const { runId } = attempt;
    deps.log.warn({ event: "batch_unserved", runId, turn: call.turn, code }, message);
    return { kind: "unserved", code, message, crashTaxMicroUsd: tax };
  };
  if (state.state !== "held") {
    return unserved("BATCH_LOST", "its hold was resolved before", crashTaxMicroUsd);
  }
  const batchId = ticket.batchId ?? state.batchId;
  const found = await findBatch(deps, { holdId, ticket, batchId, giveUp });
  if (found.kind === "replied") return await take(deps, attempt, { call, state, found });
  if (found.kind === "pending" && !giveUp) return found;
  const isFree = found.kind === "free";
  const resolve = () =>
    isFree ? deps.ledger.void(holdId, { sent: true }) : deps.ledger.charge(holdId);
  await whileStoreIsAway<unknown>(resolve, patience(attempt));
  if (isFree) return unserved(found.code, found.message, crashTaxMicroUsd);
  const code = found.kind === "lost" ? "BATCH_LOST" : "BATCH_LEFT";
  return unserved(code, found.message, crashTaxMicroUsd + state.heldMicroUsd);
}

interface Taken {
  readonly call: CallModelInput;
  readonly state: LaneCallState;
  readonly found: Extract<Found, { kind: "replied" }>;
}

async function take(
  deps: ActivityDeps,
  attempt: Attempt,
  { call, state, found }: Taken,
): Promise<Reply> {
  const { runId } = attempt;
  const conversation = await whileStoreIsAway(
    () => loadConversation(deps.transcripts, runId, call),
    patience(attempt),
  );
  const request = requestOf(runId, call, conversation);
  const purchase = {
    attempt,
    input: call,
    conversation,
    request,
    promptTokensMax: 0,
    batchEndedAt: found.endedAt,
  };
  return await settle(deps, purchase, { held: state, reply: found.reply, latencyMs: 0 });
}
