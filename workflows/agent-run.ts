// One agent run, from its task to its outcome: decide what is next, perform it, remember what came of it, and go
// on in a fresh history where this one is long. The rules are in src/domain/run (decide.ts says what follows
// from what, evolve.ts is the only writer of what the run remembers); how a step touches the world is in
// workflows/run. A run stands on facts alone: whatever dies, its history tells them again.
//
// Invariants; each number is also the name of a test. The rules' own (R1-R4, R7) are named where they are kept.
//   R5. A run moves to a fresh history only between two steps, when nothing is in flight, and while it waits too.
//   R6. However a run ends, its holds are resolved and it returns what it has.

import { CancellationScope, continueAsNew, workflowInfo } from "@temporalio/workflow";
import type { RunResult } from "../src/domain/outcome.ts";
import { inFreshHistory } from "../src/domain/run/carried.ts";
import { decide } from "../src/domain/run/decide.ts";
import { inputFrom } from "../src/domain/run/parse-order.ts";
import { resultOf } from "../src/domain/run/result.ts";
import type { Step } from "../src/domain/run/step.ts";
import { usableInput } from "./input.ts";
import { answerCalls } from "./run/answer-calls.ts";
import { askModel, lookAtBatch } from "./run/ask-model.ts";
import { closeBooks, openBooks } from "./run/books.ts";
import { compensate } from "./run/compensate.ts";
import { openLife, type Life } from "./run/life.ts";
import { listen, watchClock } from "./run/listen.ts";
import { rest, waitFor } from "./run/wait.ts";

export async function agentRun(given: unknown): Promise<RunResult> {
  const life = openLife(usableInput(given, inputFrom));
  listen(life);
  // A cancel is a fact like any other: the run decides what follows from it, and closes its books.
  return await CancellationScope.nonCancellable(() => live(life));
}

async function live(life: Life): Promise<RunResult> {
  while (true) {
    watchClock(life);
    const step = decide(life.order, life.state, Date.now());
    if (step.kind === "return") return whatItCameTo(life);
    await perform(life, step);
    await freshHistoryIfLong(life);
  }
}

async function perform(life: Life, step: Exclude<Step, { kind: "return" }>): Promise<void> {
  switch (step.kind) {
    case "open":
      return await openBooks(life);
    case "ask":
      return await askModel(life, step.call);
    case "look":
      return await lookAtBatch(life, step.look);
    case "answer":
      return await answerCalls(life);
    case "wait":
      return await waitFor(life, step);
    case "rest":
      return await rest(life);
    case "compensate":
      return await compensate(life, step, workflowInfo().workflowId);
    case "close":
      return await closeBooks(life, step.outcome);
  }
}

async function freshHistoryIfLong({ order, state }: Life): Promise<void> {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  const marks = state.memory?.snapshot.historyMarks;
  if (marks === undefined) return;
  const isLong = historyLength >= marks.events || historySize >= marks.bytes;
  if (!isLong && !continueAsNewSuggested) return;
  const carried = inFreshHistory(order, state);
  if (carried !== null) await continueAsNew<typeof agentRun>(carried);
}

function whatItCameTo({ order, state }: Life): RunResult {
  const { phase } = state;
  if (phase.kind !== "closed") throw new Error(`a run returns from ${phase.kind}`);
  const who = { runId: workflowInfo().workflowId, traceId: order.traceId };
  return resultOf(who, state, phase);
}
