// A model call of a run that can wait: submitted to the provider's batch lane, looked for ever less
// often, and made live where the lane gives no reply in time. The wait is a timer, so it costs no worker
// and survives whatever dies; whoever stops the run or interrupts it takes the batch back.

import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  sleep,
  upsertMemo,
} from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import {
  batchOverAtMs,
  nextLookMs,
  waitsUntilMs,
  type BatchTerms,
} from "../src/domain/batch-lane.ts";
import type {
  CallResult,
  Look,
  LookResult,
  ModelCall,
  Ticket,
  Unserved,
} from "../src/domain/call.ts";
import type { Waiting } from "../src/domain/run.ts";
import type { RunState } from "../src/domain/run-state.ts";
import { WAITING_MEMO } from "../src/temporal/names.ts";
import { batchCollecting, modelCalling } from "./activity-options.ts";
import type { Run } from "./run.ts";
import { showStatus, summaryOf } from "./run-view.ts";
import { withTranscript } from "./transcript.ts";

/** A batch of which nobody knows whether it was made has cost its hold; it is not tried for ever. */
const SUBMISSIONS_MAX = 3;

type Answered = Exclude<CallResult, Ticket>;
type Live = (call: ModelCall) => Promise<Answered>;

export async function viaBatchLane({ state }: Run, call: ModelCall, live: Live): Promise<Answered> {
  const terms = state.snapshot.batchLane;
  if (terms === undefined) return await live(call);
  for (let n = 1; n <= SUBMISSIONS_MAX && hasTime(state, terms); n += 1) {
    const answer = await oneBatch(state, terms, { ...withSpent(call, state), lane: "batch" });
    if (answer === null) break;
    if (answer.kind !== "unserved") return answer;
    state.spentMicroUsd += answer.crashTaxMicroUsd;
    state.crashTaxMicroUsd += answer.crashTaxMicroUsd;
    if (isStopped()) return { kind: "interrupted", crashTaxMicroUsd: 0 };
    if (answer.code !== "BATCH_LOST") break;
  }
  return await live(withSpent(call, state));
}

/** What is kept back for a summary rests on what the run has spent by now. */
function withSpent(call: ModelCall, { spentMicroUsd }: RunState): ModelCall {
  return { ...call, budget: { ...call.budget, spentMicroUsd } };
}

function hasTime({ snapshot, startedAtMs }: RunState, terms: BatchTerms): boolean {
  const untilMs = waitsUntilMs(terms, snapshot.limits.wallClockMs, startedAtMs);
  return untilMs === null || Date.now() + terms.firstLookMs < untilMs;
}

function isStopped(): boolean {
  return CancellationScope.current().consideredCancelled;
}

type Answer = Answered | Unserved;

/** Null where nothing could be submitted. */
async function oneBatch(
  state: RunState,
  terms: BatchTerms,
  call: ModelCall,
): Promise<Answer | null> {
  const ticket = await submitted(state, call);
  if (ticket?.kind !== "submitted") return ticket;
  showStatus("waiting", state);
  try {
    return await collected(state, terms, { call, ticket });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const leave = () => collect(state, { call, ticket, giveUp: true });
    return answerIn(await CancellationScope.nonCancellable(leave));
  } finally {
    upsertMemo({ [WAITING_MEMO]: null });
    showStatus("running", state);
  }
}

/** A provider that takes no batches may take live calls, and says why where it does not. */
async function submitted(state: RunState, call: ModelCall): Promise<CallResult | null> {
  const { callModel } = proxyActivities<Activities>({
    ...modelCalling(state.snapshot.timers),
    summary: summaryOf(`turn ${call.turn}`, "into a batch", state.snapshot.model),
  });
  try {
    return await withTranscript(() => callModel(call));
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return null;
  }
}

async function collected(
  state: RunState,
  terms: BatchTerms,
  waited: Omit<Look, "giveUp">,
): Promise<Answer> {
  const { wallClockMs } = state.snapshot.limits;
  const overAtMs = batchOverAtMs(Date.now());
  const untilMs = Math.min(
    overAtMs,
    waitsUntilMs(terms, wallClockMs, state.startedAtMs) ?? overAtMs,
  );
  let message = messageFor(waited.ticket);
  for (let looks = 0; ; looks += 1) {
    const waitMs = Math.max(1, Math.min(nextLookMs(terms, looks), untilMs - Date.now()));
    const nextAttemptAt = new Date(Date.now() + waitMs).toISOString();
    const waiting: Waiting = { reason: "batch", message, nextAttemptAt };
    upsertMemo({ [WAITING_MEMO]: waiting });
    await sleep(waitMs, { summary: summaryOf("waiting for a batch", message) });
    const giveUp = Date.now() >= untilMs;
    const seen = await collect(state, { ...waited, giveUp });
    if (giveUp || seen.kind !== "pending") return answerIn(seen);
    ({ message } = seen);
  }
}

function messageFor({ providerBatchId }: Ticket): string {
  return providerBatchId === null
    ? "a batch that may have been made"
    : `batch ${providerBatchId} is under way`;
}

function answerIn(seen: LookResult): Answer {
  if (seen.kind !== "pending") return seen;
  throw new Error("a batch that was given up is no longer pending");
}

async function collect(state: RunState, input: Look): Promise<LookResult> {
  const { lookAtCall } = proxyActivities<Activities>({
    ...batchCollecting(state.snapshot.timers),
    summary: summaryOf(
      `turn ${input.call.turn}`,
      input.giveUp ? "leave the batch" : "look at the batch",
    ),
  });
  return await withTranscript(() => lookAtCall(input));
}
