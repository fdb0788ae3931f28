// One agent run, from its task to its outcome. This file is the whole story: what it calls is a pure
// rule (src/domain), what people say (run-inbox), a tool call's life (run-tools), or an activity.
//
// Invariants; each number is also the name of a test.
//   R1. The transcript only grows: what the model has seen is never edited and never dropped. Where it
//       grows too long, the run goes on from a summary, on a branch of the transcript.
//   R2. Every limit is checked before a model call, so a run never starts a call that it can't pay.
//   R3. Every tool call gets exactly one answer, in the order in which the model asked.
//   R4. A tool that fails is an answer to the model, never the end of the run.
//   R5. A run moves to a fresh history only between turns, when nothing is in flight.
//   R6. However a run ends, its holds are resolved and it returns what it has.

import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { makesRoom, noteReply, withFailures } from "../src/domain/compaction.ts";
import { limitHit, type LimitHit } from "../src/domain/limits.ts";
import { textOf, userMessage } from "../src/domain/message.ts";
import { passOver, wasHandedOn, type Unfit } from "../src/domain/model-course.ts";
import type { Outcome, RunResult } from "../src/domain/outcome.ts";
import { INTERRUPTED, type Denial, type Reply } from "../src/domain/call.ts";
import type { RunInput } from "../src/domain/run.ts";
import {
  limitsNow,
  openingState,
  stumbled,
  takeReply,
  used,
  type RunState,
} from "../src/domain/run-state.ts";
import { openApprovalDesk } from "./approvals.ts";
import { limitHitWithReserve } from "../src/domain/wrap-up.ts";
import { opening } from "./activity-options.ts";
import { goOnFromSummary, summaryDue } from "./compaction.ts";
import { askModel, takeLoss, type ModelAnswer } from "./ask-model.ts";
import { closeRun, endOf, throwIfCancelled, withinWallClock } from "./run-end.ts";
import type { Run } from "./run.ts";
import { openInbox } from "./run-inbox.ts";
import { answerCalls, refuseCalls } from "./run-tools.ts";
import { showEnd, showProgress, summaryOf } from "./run-view.ts";
import { chooseTier, isTierOpen } from "./choose-tier.ts";
import { parked, waitForCapacity } from "./waiting.ts";
import { stopAt } from "./wrap-up.ts";

const CONTINUATIONS_MAX = 3;
const STUMBLES_MAX = 3;
const PROVIDER_PAUSES_MAX = 5;
const CAPACITY_WAIT_MS = 2000;

const { openRun } = proxyActivities<Activities>({ ...opening, summary: "pin the agent" });

export async function agentRun(input: RunInput): Promise<RunResult> {
  const startedAtMs = input.resumed?.startedAtMs ?? workflowInfo().startTime.getTime();
  const inbox = openInbox(input.resumed?.paused ?? false, input.resumed?.inbox);
  const desk = openApprovalDesk(input.resumed?.settledCalls);
  let state = input.resumed ?? null;
  while (true) {
    let outcome: Outcome;
    try {
      state ??= openingState(await openRun(input), startedAtMs);
      const run: Run = { input, state, inbox, desk };
      outcome = await withinWallClock(run.state, () =>
        isTierOpen(run) ? chooseAndConverse(run) : converse(run),
      );
    } catch (error) {
      outcome = endOf(error);
    }
    const ending = { input, state, outcome, startedAtMs };
    const result = await CancellationScope.nonCancellable(() => closeRun(ending));
    // Said while the books were closed; they can be closed again.
    if (outcome.kind === "answered" && inbox.hasUnread()) continue;
    showEnd(outcome.kind, result.costUsd, result.turns);
    return result;
  }
}

async function chooseAndConverse(run: Run): Promise<Outcome> {
  await chooseTier(run);
  return await converse(run);
}

/** Turn after turn until there is an outcome. */
async function converse(run: Run): Promise<Outcome> {
  const { state, inbox } = run;
  while (true) {
    throwIfCancelled();
    if (inbox.isPaused()) {
      await parked(run, "paused");
      continue;
    }

    const hit = limitReached(state);
    if (hit !== null) {
      const goOn = await parked(run, { reason: "budget", ...hit });
      if (!goOn) return await stopAt(run, hit);
      continue;
    }

    const summing = summaryDue(state);
    if (summing === null) hearPeople(run);
    const call = await askModel(run, summing);
    if (call.kind !== "replied") {
      const end = await withoutReply(run, call);
      if (end !== null) return end;
      continue;
    }

    if (summing !== null) {
      goOnFromSummary(state, call);
      continue;
    }
    noteReply(state, call);
    takeReply(state, call);
    throwIfCancelled();
    const end = await act(run, call);
    showProgress(state);
    const isHeardOut = end?.kind !== "answered" || !inbox.hasUnread();
    if (end !== null && isHeardOut) return end;

    await moveToFreshHistory(run);
  }
}

function limitReached(state: RunState): LimitHit | null {
  const { snapshot, startedAtMs } = state;
  return snapshot.wrapUp === true
    ? limitHitWithReserve(limitsNow(state), used(state), Date.now() - startedAtMs)
    : limitHit(limitsNow(state), used(state));
}

/** Not where the transcript ends with what only the model may go on from: a note of ours, a paused turn. */
function hearPeople({ state, inbox }: Run): void {
  if (state.endsWithNote || isPaused(state)) return;
  const said = inbox.hear().map((entry) => ({ ...entry, said: true as const }));
  state.entries = [...state.entries, ...said];
}

/** The provider wants its turn back as it is, to go on with it. */
function isPaused({ stumble }: RunState): boolean {
  return stumble?.over === "provider_pause";
}

async function withoutReply(run: Run, call: Exclude<ModelAnswer, Reply>): Promise<Outcome | null> {
  const { state } = run;
  if (call.kind === "denied") return await heedDenial(run, call);
  if (call.kind === "interrupted") {
    takeLoss(state, call);
    return null;
  }
  const { limit, message } = call;
  if (!(await parked(run, { reason: "provider", limit, message }))) return call;
  state.turn -= 1;
  return null;
}

/** The ledger or the gate said no. Holds of other runs pass, and outages; what is spent stays spent. */
async function heedDenial(run: Run, denial: Denial | Unfit): Promise<Outcome | null> {
  takeLoss(run.state, denial);
  const { why, message } = denial;
  const isTooLong = why === "size" && denial.limit === "request_tokens";
  if (isTooLong && makesRoom(run.state, message)) return null;
  const elsewhereMs = passOver(run.state, denial, Date.now());
  if (elsewhereMs !== null || why === "unfit" || "notBefore" in denial) {
    const notBefore = "notBefore" in denial ? denial.notBefore : null;
    if (elsewhereMs === null) await waitForCapacity(run, message, notBefore);
    else if (elsewhereMs > Date.now()) await waitForCapacity(run, message, isoOf(elsewhereMs));
    await moveToFreshHistory(run);
    return null;
  }
  if (why === "holds") {
    await sleep(CAPACITY_WAIT_MS, { summary: summaryOf("waiting for capacity", message) });
    return null;
  }
  const { limit } = denial;
  const resetsAt = why === "cap" ? denial.resetsAt : null;
  const goOn = !isTooLong && (await parked(run, { reason: "budget", limit, message, resetsAt }));
  return goOn ? null : await stopAt(run, { limit, message: withFailures(message, run.state) });
}

/** Does what the reply asks for; null where the conversation goes on. */
async function act(run: Run, reply: Reply): Promise<Outcome | null> {
  const { state } = run;
  if (wasHandedOn(state)) return null;
  forgetWhatPassed(state, reply);
  switch (reply.stopReason) {
    case "tool_use":
      return reply.toolCalls.length === 0 ? askAgain(state) : await answer(run, reply);
    case "end_turn":
    case "stop_sequence":
      return textOf(reply.message) === "" ? askAgain(state) : { kind: "answered" };
    case "max_tokens":
      return goOnWriting(state, reply);
    case INTERRUPTED:
      return null;
    case "pause_turn":
      return stumbled(state, "provider_pause") <= PROVIDER_PAUSES_MAX
        ? null
        : failed("PROVIDER_REJECTED", `the provider paused the turn ${PROVIDER_PAUSES_MAX} times`);
    case "refusal":
      return {
        kind: "refused",
        ...(reply.refusalCategory === undefined ? {} : { category: reply.refusalCategory }),
        message: "the model refused the task",
      };
    case "model_context_window_exceeded":
      return { kind: "stopped", limit: "request_tokens", message: "the context window is full" };
    default:
      return failed("UNKNOWN_STOP_REASON", `the reply ended with ${reply.stopReason}`);
  }
}

function forgetWhatPassed(state: RunState, { stopReason }: Reply): void {
  if (stopReason !== "max_tokens") state.continued = 0;
  if (stopReason !== "pause_turn" && isPaused(state)) state.stumble = null;
}

async function answer(run: Run, reply: Reply): Promise<Outcome | null> {
  const { state } = run;
  if (reply.invalidCalls.length === 0) state.stumble = null;
  const inARow = reply.invalidCalls.length === 0 ? 0 : stumbled(state, "unreadable_call");
  state.entries = await answerCalls(run, reply);
  return inARow < STUMBLES_MAX
    ? null
    : failed("TOOL_INPUT_INVALID", "the model called tools with invalid JSON three times");
}

function askAgain(state: RunState): Outcome | null {
  if (stumbled(state, "empty_reply") > 1) {
    return failed("EMPTY_REPLY", "the model answered nothing, twice");
  }
  nudge(state, "Please continue.");
  return null;
}

/** After a note of ours the API lets only the model speak: there the same question is asked again. */
function nudge(state: RunState, text: string): void {
  state.entries = state.endsWithNote ? [] : [{ message: userMessage(text) }];
}

/** A tool call that was cut is never executed; a text that was cut is continued. */
function goOnWriting(state: RunState, reply: Reply): Outcome | null {
  state.continued += 1;
  if (state.continued > CONTINUATIONS_MAX) {
    const message = `the answer was cut ${state.continued} times at max_tokens`;
    return { kind: "stopped", limit: "reply_tokens", message };
  }
  const answers = refuseCalls(reply, "The call was cut by the limit on reply length.");
  if (answers.length > 0) state.entries = answers;
  else nudge(state, "Continue exactly where you stopped.");
  return null;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function failed(code: string, message: string): Outcome {
  return { kind: "failed", code, message };
}

async function moveToFreshHistory({ input, state, inbox, desk }: Run): Promise<void> {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  const { events, bytes } = state.snapshot.historyMarks;
  if (!continueAsNewSuggested && historyLength < events && historySize < bytes) return;
  await condition(allHandlersFinished);
  const carried = inbox.carried();
  if (carried === null) return;
  const paused = inbox.isPaused();
  const resumed = {
    ...state,
    execution: state.execution + 1,
    paused,
    inbox: carried,
    settledCalls: desk.settled(),
  };
  await continueAsNew<typeof agentRun>({ ...input, resumed });
}
