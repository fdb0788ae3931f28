// A person's word on a call that waits. Taken where it names the call as it waits, and else refused with the
// reason.
//
//   A1. A call is decided once: the first decision stands, and every other is refused with its reason.
//   A2. A decision counts only for the arguments it names, before its deadline, in a run under way.
//   A3. What waits and what was decided stands in history before anybody is told that it was accepted.

import { type ApplicationFailure, defineUpdate, setHandler } from "@temporalio/workflow";
import { rulingOf, type DecidedApproval, type Decision } from "../../src/domain/approval.ts";
import { DECIDE_UPDATE } from "../../src/temporal/names.ts";
import { decisionFrom } from "../../src/domain/run/parse-decision.ts";
import { rulingBefore } from "../../src/domain/run/people.ts";
import { pendingOf } from "../../src/domain/run/shown.ts";
import type { RunState } from "../../src/domain/run/state.ts";
import type { Life } from "./life.ts";
import { refusal } from "./refusal.ts";

const decideUpdate = defineUpdate<DecidedApproval, [unknown]>(DECIDE_UPDATE);

export function hearDecisions(life: Life): void {
  setHandler(decideUpdate, (given) => rule(life, usable(given)), {
    validator: (given) => refuse(life.state, usable(given)),
  });
}

function usable(given: unknown): Decision {
  const decision = decisionFrom(given);
  if ("value" in decision) return decision.value;
  throw refusal("INVALID_INPUT", `That is no decision: ${decision.problem}.`);
}

function rule(life: Life, decision: Decision): DecidedApproval {
  // Between the validator and this line another decision may have come, and a replay asks no validator.
  refuse(life.state, decision);
  const { callId } = decision;
  const pending = pendingOf(life.state).find((call) => call.callId === callId);
  if (pending === undefined) throw whyNotWaiting(life.state, callId);
  const { editedInput, ...ruling } = rulingOf(decision);
  life.record({ kind: "ruled", callId, ruling: rulingOf(decision) });
  const { tool, turn } = pending;
  const decidedAt = new Date(Date.now()).toISOString();
  return { callId, tool, turn, ...ruling, edited: editedInput !== undefined, decidedAt };
}

/** Throws why a decision can't be taken. Temporal keeps no record of what is refused by the validator. */
function refuse(state: RunState, { callId, argsDigest }: Decision): void {
  const pending = pendingOf(state).find((call) => call.callId === callId);
  if (pending === undefined) throw whyNotWaiting(state, callId);
  const { deadlineAt } = pending;
  if (Date.now() >= Date.parse(deadlineAt)) {
    const message = `The call ${callId} could be decided until ${deadlineAt}.`;
    throw refusal("APPROVAL_EXPIRED", message);
  }
  if (argsDigest !== pending.argsDigest) {
    const message = `The decision names other arguments than those the call ${callId} waits with.`;
    throw refusal("APPROVAL_MISMATCH", message);
  }
}

function whyNotWaiting({ memory, calledOff, phase }: RunState, callId: string): ApplicationFailure {
  const before = memory === null ? null : rulingBefore(memory.people, callId);
  if (before === "expired") {
    return refusal("APPROVAL_EXPIRED", `Nobody decided the call ${callId} in time.`);
  }
  if (before !== null) {
    return refusal("APPROVAL_DECIDED", `The call ${callId} was ${before} before.`);
  }
  if (calledOff !== null || phase.kind === "closing") {
    return refusal("RUN_ENDED", "The run is ending; nothing waits any more.");
  }
  return refusal("APPROVAL_NOT_FOUND", `No call ${callId} waits for a decision in this run.`);
}
