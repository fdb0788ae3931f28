// What a run does next: the only place where its rules meet. Pure, and without a memory of its own, so a
// client can ask it of any moment of a recorded run.
//
//   R2. Every limit is checked before a model call, so a run never starts a call that it can't pay.
//   R7. What a person said is heard once, in the order in which it came; nothing accepted is dropped
//       while the run goes on, and an answered run that has not heard all of it goes on.

import { limitHit, USEFUL_REPLY_TOKENS, type LimitHit } from "../limits.ts";
import type { Outcome } from "../outcome.ts";
import { leavesRoom, limitHitWithReserve } from "./wrap-up.ts";
import {
  askLastWords,
  askSummary,
  askTier,
  askWork,
  openEntries,
  type Circumstances,
} from "./ask.ts";
import { undoBefore } from "./effects.ts";
import { limitsNow, modelCallsOf, used } from "./counts.ts";
import { calledOffAs, endOf, failed, failedByProvider } from "./endings.ts";
import { isInterrupted } from "./interrupts.ts";
import { leftBy, nextFreeMs } from "./model-choice.ts";
import type { Order } from "./order.ts";
import { awaitsChoice } from "./routing.ts";
import type { InLane, Memory, RunState, Since, Stopping, Wait } from "./state.ts";
import type { Step } from "./step.ts";
import { withFailures } from "./summary.ts";
import {
  atLimit,
  atSpendLimit,
  batchUntilMs,
  forBatch,
  forCapacity,
  untilItPasses,
} from "./waits.ts";

/** A run that was told to stop does not wait for ever to say what it found. */
const TURNS_WAITED_MAX = 20;

export function decide(order: Order, state: RunState, nowMs: number): Step {
  const step = whatFollows(order, state, nowMs);
  return step.kind === "close" ? (undoBefore(state, step.outcome) ?? step) : step;
}

function whatFollows(order: Order, state: RunState, nowMs: number): Step {
  const { phase, memory } = state;
  if (phase.kind === "closed") return { kind: "return" };
  // It was settled before, whatever is heard since.
  if (phase.kind === "closing" || phase.kind === "compensating") return close(phase.outcome);
  if (memory !== null && phase.kind === "inLane") return inLane(memory, state, phase, nowMs);
  const calledOff = calledOffAs(state);
  if (calledOff !== null) return close(calledOff);
  if (phase.kind === "opening") return { kind: "open" };
  if (memory === null) return unopened(state);
  const now: Circumstances = { order, state, memory, nowMs };
  switch (phase.kind) {
    case "ready":
      return ready(now, phase.since);
    case "asking":
      // Only of a run whose history was cut off here: what was asked is asked again, under the same name.
      return { kind: "ask", call: phase.call };
    case "answering":
      return { kind: "answer" };
    case "stopping":
      return stopping(now, phase);
    case "inLane":
      return inLane(memory, state, phase, nowMs);
  }
}

function close(outcome: Outcome): Step {
  return { kind: "close", outcome };
}

function unopened({ phase }: RunState): Step {
  const since = phase.kind === "ready" ? phase.since : null;
  if (since?.kind !== "failed") return close(failed("FAILED", "the run could not be opened"));
  return close(failed(since.code, since.message));
}

/** The first rule that speaks. */
function ready(now: Circumstances, since: Since): Step {
  const { order, state } = now;
  const end = endOf(order, state, since);
  if (end !== null) return close(end);
  if (state.paused) return { kind: "rest" };
  return (
    stillWaiting(since) ??
    afterFailure(now, since) ??
    afterDenial(now, since) ??
    atOwnLimit(now, since) ??
    nextCall(now)
  );
}

function stillWaiting(since: Since): Step | null {
  return since.kind === "waits" ? { kind: "wait", wait: since.wait, isNew: false } : null;
}

function wait(reason: Wait): Step {
  return { kind: "wait", wait: reason, isNew: true };
}

function afterFailure(now: Circumstances, since: Since): Step | null {
  if (since.kind === "failed") return wait(atSpendLimit(since.message));
  if (since.kind !== "unfit") return null;
  const freeMs = nextFreeMs(now.memory, { nowMs: now.nowMs, left: leftBy(now.state) });
  if (freeMs === null) return close(failed(since.code, since.message));
  return freeMs > now.nowMs ? wait(forCapacity(since.message, freeMs, now.nowMs)) : null;
}

/** Holds of other runs pass, and outages; what is spent stays spent. */
function afterDenial(now: Circumstances, since: Since): Step | null {
  if (since.kind !== "denied" || since.madeRoom) return null;
  const { memory, state, nowMs } = now;
  const { denial } = since;
  const freeMs = since.elsewhere ? nextFreeMs(memory, { nowMs, left: leftBy(state) }) : null;
  if (freeMs !== null) {
    return freeMs > nowMs ? wait(forCapacity(denial.message, freeMs, nowMs)) : null;
  }
  const passing = untilItPasses(denial, nowMs);
  if (passing !== null) return wait(passing);
  if (denial.why === "retired") return close(failed("MODEL_RETIRED", denial.message));
  if (denial.why !== "cap" && denial.why !== "size") return null;
  const { limit } = denial;
  const resetsAt = denial.why === "cap" ? denial.resetsAt : null;
  const mayPass = limit !== "request_tokens" && now.order.onLimit === "pause";
  if (mayPass) return wait(atLimit({ limit, message: denial.message, resetsAt }, nowMs));
  const stop = { limit, message: withFailures(denial.message, memory) };
  return denial.leavesNothing === true ? endAt(memory, stop) : stopAt(now, stop);
}

function atOwnLimit(now: Circumstances, since: Since): Step | null {
  const hit = limitReached(now, since);
  if (hit === null) return null;
  return now.order.onLimit === "pause" ? wait(atLimit(hit, now.nowMs)) : stopAt(now, hit);
}

/**
 * The cap may have been raised while the run waited, and no reply has brought it yet. The ledger knows it: the
 * next call asks, and is denied where nothing is left.
 */
const KNOWS_NO_CAP: readonly Since["kind"][] = ["waited", "lost", "denied", "unfit", "unserved"];

function limitReached({ memory, state, nowMs }: Circumstances, since: Since): LimitHit | null {
  const limits = limitsNow(memory);
  const now = KNOWS_NO_CAP.includes(since.kind)
    ? { ...limits, costMicroUsd: Number.MAX_SAFE_INTEGER }
    : limits;
  return memory.snapshot.wrapUp
    ? limitHitWithReserve(now, used(memory), nowMs - state.startedAtMs)
    : limitHit(now, used(memory));
}

function stopAt(now: Circumstances, stop: LimitHit): Step {
  if (!canSumUp(now.memory) || !leavesRoom(stop.limit)) return endAt(now.memory, stop);
  return { kind: "ask", call: askLastWords(now, stop) };
}

/** Without last words. */
function endAt(memory: Memory, stop: LimitHit): Step {
  return close(failedByProvider(memory, stop) ?? { kind: "stopped", ...stop });
}

/**
 * There is something to sum up, the transcript ends where the model may be asked, and it is not said beforehand
 * that the rest won't do.
 */
function canSumUp(memory: Memory): boolean {
  const { snapshot, talk, counts } = memory;
  if (!snapshot.wrapUp) return false;
  const mayBeAsked = openEntries(memory).length > 0 || talk.endsWithNote;
  const calls = modelCallsOf(counts);
  const limits = limitsNow(memory);
  const tokensLeft = limits.tokens - used(memory).tokens;
  const hasRoom = tokensLeft >= talk.headTokens + USEFUL_REPLY_TOKENS;
  return calls > 0 && calls < limits.modelCalls && hasRoom && mayBeAsked;
}

function nextCall(now: Circumstances): Step {
  const { memory } = now;
  const isChoosing = awaitsChoice(memory, limitsNow(memory).modelCalls);
  const call = askSummary(now) ?? (isChoosing ? askTier(now) : askWork(now));
  return { kind: "ask", call };
}

function stopping(now: Circumstances, { stop, last, waited }: Stopping): Step {
  switch (last.kind) {
    case "waits":
      return { kind: "wait", wait: last.wait, isNew: false };
    case "waited":
      return { kind: "ask", call: askLastWords(now, stop) };
    case "inLine": {
      const turn = untilItPasses(last.denial, now.nowMs);
      if (turn !== null && waited < TURNS_WAITED_MAX) return wait(turn);
      return close({ kind: "stopped", ...stop });
    }
    case "over":
      return close({ kind: "stopped", ...stop });
  }
}

/** Also of a run that was called off: what the batch did deliver is brought home first. */
function inLane(memory: Memory, state: RunState, phase: InLane, nowMs: number): Step {
  const { call, ticket } = phase;
  if (state.calledOff !== null || isInterrupted(state)) {
    return { kind: "look", look: { call, ticket, giveUp: true } };
  }
  if (phase.step === "wait") return wait(forBatch(memory, state, phase, nowMs));
  const giveUp = nowMs >= batchUntilMs(memory.snapshot, state, phase);
  return { kind: "look", look: { call, ticket, giveUp } };
}
