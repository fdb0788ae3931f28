// Puts one model call into the provider's batch lane. The API has no key that would make a submission
// repeatable, so the order does it: the hold and the intent are written first (U1), and an attempt that
// finds the intent of an earlier one sends nothing (U2). Whether that one came to make its batch is
// found out when the batch is collected.

import type { BatchTicket, SubmitBatchResult } from "../src/domain/batch-lane.ts";
import { isPawlError } from "../src/domain/errors.ts";
import type { CallModelInput, Denial } from "../src/domain/run.ts";
import { failpoint } from "../src/failpoint.ts";
import { ModelCallError } from "../src/model/model.ts";
import type { LaneStart } from "../src/store/lane-calls.ts";
import { aborted, failure, holdIdOf, keepBeating, thisAttempt, type Attempt } from "./attempt.ts";
import { customIdOf } from "./batch-id.ts";
import type { Held, Purchase } from "./buy-reply.ts";
import {
  adopted,
  attemptRequest,
  denial,
  logChange,
  logWarnings,
  patience,
  requestOf,
  startWithPatience,
} from "./call-model.ts";
import { loadConversation } from "./conversation.ts";
import type { ActivityDeps } from "./deps.ts";
import { whileStoreIsAway } from "./patience.ts";
import { roomFor, type Room } from "./reply-room.ts";

/** Past the end of every batch: a hold that is still open then is of a run that was terminated. */
const DEAD_AFTER_MS = 48 * 3_600_000;

export function createSubmitBatchCall(deps: ActivityDeps) {
  return async function submitBatchCall(input: CallModelInput): Promise<SubmitBatchResult> {
    const attempt = thisAttempt();
    const beating = keepBeating(attempt, deps.config.timers.heartbeatTimeoutMs);
    try {
      logWarnings(deps, attempt, input);
      logChange(deps, attempt, input);
      const conversation = await whileStoreIsAway(
        () => loadConversation(deps.transcripts, attempt.runId, input),
        patience(attempt),
      );
      const request = requestOf(attempt.runId, input, conversation);
      const asked = { input, conversation, signal: attempt.signal };
      const room = await roomFor(deps.model, request, asked);
      if ("kind" in room) return room;
      const { promptTokensMax } = room;
      const purchase = { attempt, input, conversation, request, promptTokensMax };
      if (attempt.signal.aborted) throw aborted(attempt.signal);
      const start = await startWithPatience(attempt, () => startCall(deps, purchase, room));
      switch (start.kind) {
        case "journaled":
          return adopted(start);
        case "denied":
          return "account" in start ? denial(start) : start;
        case "submitted":
          return earlierTicket(attempt, start);
        case "held":
          return await submit(deps, purchase, start);
      }
    } catch (error) {
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    } finally {
      beating.stop();
    }
  };
}

async function startCall(
  { laneCalls, config }: ActivityDeps,
  purchase: Purchase,
  room: Room,
): Promise<LaneStart | Denial> {
  const asked = attemptRequest(config, purchase, { room, inBatch: true });
  if ("kind" in asked) return asked;
  return await laneCalls.start({ ...asked, deadAfterMs: DEAD_AFTER_MS });
}

function earlierTicket(
  { callKey }: Attempt,
  { attempt, batchId, intendedAt }: Extract<LaneStart, { kind: "submitted" }>,
): BatchTicket {
  const sentAfter = new Date(intendedAt).toISOString();
  return { kind: "submitted", callKey, attempt, batchId, sentAfter, sentBefore: now() };
}

async function submit(
  deps: ActivityDeps,
  { attempt, input, request }: Purchase,
  { replyTokens }: Held,
): Promise<BatchTicket> {
  const { lane, log } = deps;
  const { callKey, runId } = attempt;
  const holdId = holdIdOf(attempt);
  const sentAfter = now();
  let batchId: string | null = null;
  failpoint("submit_batch_call.before_create");
  try {
    const bounded = { ...request, replyTokensMax: replyTokens };
    batchId = await lane.create(bounded, customIdOf(holdId));
  } catch (error) {
    await throwIfUnsent(deps, attempt, error);
  }
  failpoint("submit_batch_call.after_create");
  if (batchId !== null) await note(deps, attempt, batchId);
  log.info(
    { event: "batch_submitted", runId, turn: input.turn, model: request.model, batchId },
    batchId === null ? "whether the batch was made is not known yet" : "the call is in a batch",
  );
  const { attempt: number } = attempt;
  return { kind: "submitted", callKey, attempt: number, batchId, sentAfter, sentBefore: now() };
}

/** Where a batch may have been made, the hold stays and the batch is looked for. */
async function throwIfUnsent(
  { ledger }: ActivityDeps,
  attempt: Attempt,
  error: unknown,
): Promise<void> {
  if (!(error instanceof ModelCallError) || error.billing === "unknown") return;
  const sent = error.billing === "free";
  await whileStoreIsAway(() => ledger.void(holdIdOf(attempt), { sent }), patience(attempt));
  const { code, message, retryAfterMs } = error;
  throw failure(code, message, { nextRetryDelayMs: retryAfterMs, cause: error });
}

/** An attempt that was given up meanwhile takes its batch back: its hold has been charged. */
async function note(
  { laneCalls, lane }: ActivityDeps,
  attempt: Attempt,
  batchId: string,
): Promise<void> {
  const noted = await whileStoreIsAway(
    () => laneCalls.note(holdIdOf(attempt), batchId),
    patience(attempt),
  );
  if (noted === "awaited") return;
  await lane.cancel(batchId);
  throw failure("PROVIDER_STREAM_CUT", "this attempt was given up before its batch was made");
}

function now(): string {
  return new Date().toISOString();
}
