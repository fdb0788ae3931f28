// Questions of a tool to a person: put when its call has come back with them, and waited for like an approval. The
// wait is a timer and a condition, so it may last for months and outlives whatever dies.

import { condition, isCancellation } from "@temporalio/workflow";
import { previewOf, type PendingQuestions } from "../../src/domain/question.ts";
import type { Memory } from "../../src/domain/run/state.ts";
import { callIn, type Life } from "./life.ts";
import { notify } from "./notify.ts";

/** Nothing of a call that asks nothing. Of a run that was called off meanwhile nobody is asked. */
export function putQuestions(life: Life, { snapshot }: Memory, callId: string): void {
  const call = callIn(life, callId);
  if (call?.kind !== "asks" || life.state.calledOff !== null) return;
  const { phase } = life.state;
  if (phase.kind !== "answering") return;
  const { timeoutMs, webhook } = snapshot.approvals;
  const now = Date.now();
  const pending: PendingQuestions = {
    callId,
    tool: call.name,
    turn: phase.turn,
    round: call.round,
    preview: previewOf(call.questions),
    requestedAt: new Date(now).toISOString(),
    deadlineAt: new Date(now + timeoutMs).toISOString(),
  };
  life.record({ kind: "questionsPut", pending: [pending] });
  if (webhook) void notify(life, pending, () => isOpen(life, pending));
}

/** Until a person answers, or nobody did in time: silence is `cancel`. */
export async function answersTo(life: Life, pending: PendingQuestions): Promise<void> {
  const { callId, round, deadlineAt } = pending;
  const waitMs = Math.max(1, Date.parse(deadlineAt) - Date.now());
  try {
    await condition(() => !isOpen(life, pending), waitMs);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  if (!isOpen(life, pending)) return;
  life.record({ kind: "questionsAnswered", callId, round, answers: null, by: null });
}

function isOpen(life: Life, { callId, round }: PendingQuestions): boolean {
  const call = callIn(life, callId);
  if (life.state.calledOff !== null || call?.kind !== "questioned") return false;
  return call.pending.round === round;
}
