// What the log hears of a run from its workflow, once and not again in a replay: calls that the guardrail
// refuses, and what people are asked and decide.

import { log, workflowInfo } from "@temporalio/workflow";
import type { EventOf } from "../../src/telemetry/event.ts";
import type { CompensateInput } from "../../src/domain/tool-call.ts";
import { deniedCalls } from "../../src/domain/run/calls.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { fateOfCalls } from "../../src/domain/run/reply-calls.ts";
import { questionsOf } from "../../src/domain/run/questions.ts";
import { pendingOf } from "../../src/domain/run/shown.ts";
import type { RunState } from "../../src/domain/run/state.ts";

export function tell(before: RunState, after: RunState, fact: RunFact): void {
  switch (fact.kind) {
    case "replied": {
      const { memory } = before;
      if (memory === null || fateOfCalls(fact) !== "due") return;
      const { turn } = memory.counts;
      for (const { call, verdict, reason } of deniedCalls(memory, fact)) {
        const { name: tool, callId } = call;
        emit({ event: "tool_denied", turn, tool, callId, verdict, reason });
      }
      return;
    }
    case "personAsked":
      for (const { callId, tool, turn, deadlineAt } of pendingOf(after)) {
        emit({ event: "approval_requested", turn, tool, callId, deadlineAt });
      }
      return;
    case "ruled": {
      const { callId, ruling } = fact;
      const pending = pendingOf(before).find((call) => call.callId === callId);
      if (pending === undefined) return;
      const { verdict, by, always, editedInput } = ruling;
      const edited = editedInput !== undefined;
      const { turn, tool } = pending;
      emit({ event: "approval_decided", turn, tool, callId, verdict, by, edited, always });
      return;
    }
    case "questionsPut":
      for (const { callId, tool, turn, round, deadlineAt } of fact.pending) {
        emit({ event: "question_asked", turn, tool, callId, round, deadlineAt });
      }
      return;
    case "questionsAnswered": {
      const { callId, round, by } = fact;
      const pending = questionsOf(before).find((call) => call.callId === callId);
      if (pending === undefined) return;
      const { turn, tool } = pending;
      emit({ event: "question_answered", turn, tool, callId, round, by });
      return;
    }
    default:
      return;
  }
}

export function tellIgnored(signal: string, problem: string): void {
  emit({ event: "signal_ignored", signal, problem });
}

/** Of a run that has ended, too: then another workflow tells it. */
export function tellNotUndone({ runId, effect }: CompensateInput, problem: string): void {
  const { turn, tool, callId } = effect;
  emit({ event: "tool_not_compensated", turn, tool, callId, problem }, runId);
}

type Told =
  | "approval_requested"
  | "approval_decided"
  | "question_asked"
  | "question_answered"
  | "tool_denied"
  | "tool_not_compensated"
  | "signal_ignored";
type WithoutRun<Event> = Event extends unknown ? Omit<Event, "runId"> : never;

/** Through Temporal's own log; the worker makes an event of the line (src/telemetry/temporal-lines.ts). */
function emit(event: WithoutRun<EventOf<Told>>, runId = workflowInfo().workflowId): void {
  log.info(event.event, { ...event, runId });
}
