// What people are shown of a run that is open: whether it stands still, and why.

import type { PendingApproval } from "../approval.ts";
import type { RunStatus } from "../outcome.ts";
import { isInterrupted } from "./interrupts.ts";
import { questionsOf } from "./questions.ts";
import type { RunState, Wait } from "./state.ts";

export function statusOf(state: RunState): RunStatus {
  const { phase, paused } = state;
  if (phase.kind === "closed") return "ended";
  if (paused && phase.kind === "ready") return "paused";
  return waitOf(state) === null ? "running" : "waiting";
}

/** Why it waits, be it for a person's decision; null while it does not. */
export function waitOf(state: RunState): Wait | null {
  return peopleWaitOf(state) ?? state.wait;
}

/** For a person's word on a call, or for their answer to a tool; null while it waits for neither. */
export function peopleWaitOf(state: RunState): Wait | null {
  const [first, ...more] = pendingOf(state);
  if (first !== undefined) {
    const message =
      more.length === 0
        ? `a call of ${first.tool} waits for a person's decision`
        : `${more.length + 1} calls wait for a person's decision`;
    return { reason: "approval", message, nextAttemptAt: null, limit: null };
  }
  const [asking, ...others] = questionsOf(state);
  if (asking === undefined) return null;
  const message =
    others.length === 0
      ? `${asking.tool} asks a person, and waits for the answer`
      : `${others.length + 1} calls ask a person, and wait for answers`;
  return { reason: "question", message, nextAttemptAt: null, limit: null };
}

/** Calls that wait for a person. A run that ends takes its questions back. */
export function pendingOf({ phase, calledOff }: RunState): readonly PendingApproval[] {
  if (phase.kind !== "answering" || calledOff !== null) return [];
  return phase.calls.flatMap((call) => (call.kind === "asked" ? [call.pending] : []));
}

/** Calls of the newest reply that nobody decided in time. */
export function expiredOf({ memory }: RunState): readonly string[] {
  if (memory === null) return [];
  const open = memory.talk.asking?.calls ?? [];
  const expired = memory.people.settled.filter(
    ({ verdict, round }) => verdict === "expired" && round === undefined,
  );
  const ids = expired.map(({ callId }) => callId);
  return ids.filter((id) => open.some(({ callId }) => callId === id));
}

/** True while the run stands still and no timer or signal has ended that. */
export function isWaiting(state: RunState): boolean {
  const { phase, calledOff } = state;
  if (calledOff !== null) return false;
  if (phase.kind === "ready") return phase.since.kind === "waits";
  if (phase.kind === "stopping") return phase.last.kind === "waits";
  return phase.kind === "inLane" && phase.step === "wait" && !isInterrupted(state);
}
