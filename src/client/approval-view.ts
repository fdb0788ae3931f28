// What a viewer must be told when calls begin to wait for a person, or one was decided. Pure.

import type { Ruling } from "../domain/approval.ts";
import type {
  ApprovalDecided,
  ApprovalRequested,
  RunContinued,
  RunWaiting,
} from "../domain/run-event.ts";
import type { RunFact } from "../domain/run/facts.ts";
import { pendingOf, waitOf } from "../domain/run/shown.ts";
import type { EventBody } from "./event-body.ts";
import { argumentsIn, type ToldRun } from "./told-run.ts";
import { GOES_ON, waiting } from "./wait-view.ts";

type ApprovalEvent = EventBody<ApprovalDecided | ApprovalRequested | RunWaiting | RunContinued>;

/** In the order in which it is told: what was decided, what is asked, and whether the run stands still. */
export function approvalNews(
  before: ToldRun,
  after: ToldRun,
  fact: Extract<RunFact, { kind: "personAsked" | "ruled" }>,
): readonly ApprovalEvent[] {
  const was = pendingOf(before.state);
  const is = pendingOf(after.state);
  const wait = waitOf(after.state);
  return [
    ...(fact.kind === "ruled" ? decided(before, fact.callId, fact.ruling) : []),
    ...requested(before, after),
    ...(was.length === 0 && is.length > 0 && wait !== null ? [waiting(wait)] : []),
    ...(was.length > 0 && is.length === 0 ? [GOES_ON] : []),
  ];
}

/** Of a run that was called off in the same breath too: the person was told that it counts. */
function decided(
  { state: { phase } }: ToldRun,
  id: string,
  { verdict, by, reason, always, editedInput }: Ruling,
): readonly EventBody<ApprovalDecided>[] {
  const calls = phase.kind === "answering" ? phase.calls : [];
  const call = calls.find(({ callId }) => callId === id);
  if (call?.kind !== "asked") return [];
  const { callId, tool, turn } = call.pending;
  const edited = editedInput !== undefined;
  return [{ type: "approval.decided", turn, callId, tool, verdict, by, reason, edited, always }];
}

function requested(before: ToldRun, after: ToldRun): readonly EventBody<ApprovalRequested>[] {
  const known = pendingOf(before.state).map(({ callId }) => callId);
  const news = pendingOf(after.state).filter(({ callId }) => !known.includes(callId));
  return news.map(({ callId, tool, turn, argsDigest, reason, deadlineAt }) => {
    const asked = { turn, callId, tool, argsDigest, reason, deadlineAt };
    return { type: "approval.requested", ...asked, input: argumentsIn(after, callId) };
  });
}
