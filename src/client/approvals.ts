// The calls that wait for a person: of all runs, as the list knows them (a second or so late), and one
// of them whole, from the history of its run. Only arguments with the digest that the run waits with are shown.

import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import type { Approvals, ApprovalShown, ApprovalWaiting } from "../domain/approval.ts";
import { argsDigest } from "../domain/args-digest.ts";
import { PawlError } from "../domain/errors.ts";
import { approvalsFrom } from "../domain/run/parse-approvals.ts";
import { rulingBefore } from "../domain/run/people.ts";
import { toolIn } from "../domain/run/snapshot.ts";
import { pendingOf } from "../domain/run/shown.ts";
import type { RunState } from "../domain/run/state.ts";
import { MEMOS } from "../temporal/names.ts";
import { shortTask } from "../temporal/run-start.ts";
import { foldRun, type RunSources } from "./read-run.ts";
import { argumentsIn } from "./told-run.ts";
import { runEnded } from "./steer.ts";
import { listWaiting, type WaitingQuery } from "./waiting.ts";

export async function listApprovals(
  client: Client,
  query: WaitingQuery = {},
): Promise<readonly ApprovalWaiting[]> {
  return await listWaiting(client, query, (memo) => approvalsIn(memo).waiting);
}

export function approvalsIn(memo: WorkflowExecutionInfo["memo"]): Approvals {
  return approvalsFrom(memo?.[MEMOS.approvals]);
}

/**
 * Throws PawlError RUN_NOT_FOUND, RUN_ENDED, APPROVAL_MISMATCH where the arguments are not to be had, or an
 * APPROVAL_ code that says why the call does not wait.
 */
export async function readApproval(
  sources: RunSources,
  runId: string,
  callId: string,
): Promise<ApprovalShown> {
  const { run, isOver } = await foldRun(sources, runId);
  const { input, state } = run;
  const pending = pendingOf(state).find((call) => call.callId === callId);
  if (pending === undefined || input === null || isOver) {
    throw isOver ? runEnded(runId) : whyNotWaiting(runId, callId, state);
  }
  const args = argumentsIn(run, callId);
  if (argsDigest(args) !== pending.argsDigest) throw notThese(runId, callId);
  const spec = state.memory === null ? undefined : toolIn(state.memory.snapshot, pending.tool);
  const { tenant, agent, task } = input;
  return {
    ...pending,
    runId,
    tenant,
    agent,
    task: shortTask(task),
    input: args,
    inputSchema: spec?.inputSchema ?? {},
  };
}

function notThese(runId: string, callId: string): PawlError {
  return new PawlError(
    "APPROVAL_MISMATCH",
    `The history of ${runId} holds other arguments than those the call ${callId} waits with; it can only be denied.`,
  );
}

function whyNotWaiting(runId: string, callId: string, { memory }: RunState): PawlError {
  const before = memory === null ? null : rulingBefore(memory.people, callId);
  if (before === null) {
    return new PawlError("APPROVAL_NOT_FOUND", `No call ${callId} waits in the run ${runId}.`);
  }
  return before === "expired"
    ? new PawlError("APPROVAL_EXPIRED", `Nobody decided the call ${callId} in time.`)
    : new PawlError("APPROVAL_DECIDED", `The call ${callId} was ${before} before.`);
}
