// Questions of the tools of one reply: which calls ask, which wait for a person, and with what they go on.

import { silenceOn, type Answers, type PendingQuestions } from "../question.ts";
import type { RunFact } from "./facts.ts";
import type { CallStage, CallState, People, RunState } from "./state.ts";

/** Where a call goes on to; null where the fact says nothing of it. */
export function questioned(call: CallState, fact: RunFact): CallStage | null {
  switch (fact.kind) {
    case "toolAsked":
      return begun(call) === null ? null : asks(call, fact);
    case "questionsPut": {
      const pending = fact.pending.find(({ callId }) => callId === call.callId);
      if (call.kind !== "asks" || pending === undefined) return null;
      const { clearance, questions, resume } = call;
      return { kind: "questioned", clearance, questions, resume, pending };
    }
    case "questionsAnswered":
      return call.kind === "questioned" && call.pending.round === fact.round
        ? answered(call, fact.answers)
        : null;
    default:
      return null;
  }
}

type Begun = Extract<CallState, { kind: "cleared" | "running" }>;

/** Of an inline tool the end is all that is heard. */
export function begun(call: CallState): Begun | null {
  return call.kind === "cleared" || call.kind === "running" ? call : null;
}

function asks(
  call: CallState,
  { questions, resume }: Extract<RunFact, { kind: "toolAsked" }>,
): CallStage | null {
  const before = begun(call);
  if (before === null) return null;
  const round = (before.heard?.round ?? 0) + 1;
  return { kind: "asks", clearance: before.clearance, questions, resume, round };
}

function answered(
  { clearance, questions, resume, pending }: Extract<CallState, { kind: "questioned" }>,
  answers: Answers | null,
): CallStage {
  const { round } = pending;
  const heard = { round, answers: answers ?? silenceOn(questions), resume };
  return { kind: "cleared", clearance, heard };
}

/** Calls whose questions wait for a person. A run that ends takes them back. */
export function questionsOf({ phase, calledOff }: RunState): readonly PendingQuestions[] {
  if (phase.kind !== "answering" || calledOff !== null) return [];
  return phase.calls.flatMap((call) => (call.kind === "questioned" ? [call.pending] : []));
}

/** Rounds of calls of the newest reply that nobody answered in time. */
export function silentOf({
  memory,
}: RunState): readonly Pick<PendingQuestions, "callId" | "round">[] {
  const open = memory?.talk.asking?.calls ?? [];
  return (memory?.people.settled ?? []).flatMap(({ callId, round, verdict }) =>
    round !== undefined && verdict === "expired" && open.some((call) => call.callId === callId)
      ? [{ callId, round }]
      : [],
  );
}

/** What became of a round before; null where nothing is known of it. */
export function endOfRound(
  { settled }: People,
  { callId, round }: Pick<PendingQuestions, "callId" | "round">,
): "answered" | "expired" | null {
  const before = settled.find((call) => call.callId === callId && call.round === round);
  return before === undefined ? null : before.verdict === "expired" ? "expired" : "answered";
}
