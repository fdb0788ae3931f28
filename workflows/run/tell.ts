// What the log hears of a run from its workflow, once and not again in a replay: calls that the guardrail
// refuses, and what people are asked and decide.

import { log, workflowInfo } from "@temporalio/workflow";
import { deniedCalls } from "../../src/domain/run/calls.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { pendingOf } from "../../src/domain/run/shown.ts";
import type { RunState } from "../../src/domain/run/state.ts";

export function tell(before: RunState, after: RunState, fact: RunFact): void {
  switch (fact.kind) {
    case "replied": {
      const { memory } = before;
      if (memory === null || fact.stopReason !== "tool_use") return;
      const { turn } = memory.counts;
      for (const { call, verdict, reason } of deniedCalls(memory, fact)) {
        const fields = { turn, tool: call.name, callId: call.callId, verdict, reason };
        logged("tool_denied", fields, "a call was refused");
      }
      return;
    }
    case "personAsked":
      for (const { callId, tool, turn, deadlineAt } of pendingOf(after)) {
        const fields = { turn, tool, callId, deadlineAt };
        logged("approval_requested", fields, "a call waits for a person");
      }
      return;
    case "ruled": {
      const { callId, ruling } = fact;
      const pending = pendingOf(before).find((call) => call.callId === callId);
      if (pending === undefined) return;
      const { verdict, by, always, editedInput } = ruling;
      const edited = editedInput !== undefined;
      const { turn, tool } = pending;
      const fields = { turn, tool, callId, verdict, by, edited, always };
      logged("approval_decided", fields, `a call was ${verdict}`);
      return;
    }
    default:
      return;
  }
}

/** The worker's log takes lines that name an event for lines of a run. */
function logged(event: string, fields: Record<string, unknown>, message: string): void {
  log.info(message, { event, runId: workflowInfo().workflowId, ...fields });
}
