// The little that one request tells of a run: whose it is, how it stands, and who is waited for.
// Anything that is not a run of ours is no run: other workflows may live in the same namespace.

import type { Client } from "@temporalio/client";
import type { PendingApproval } from "../domain/approval.ts";
import type { PendingQuestions } from "../domain/question.ts";
import { PawlError } from "../domain/errors.ts";
import type { RunStatus } from "../domain/outcome.ts";
import { WORKFLOW_TYPE } from "../temporal/names.ts";
import { approvalsIn } from "./approvals.ts";
import { questionsIn } from "./questions.ts";
import { listed } from "./run-list.ts";

export interface RunBrief {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  readonly session: string;
  readonly status: RunStatus;
  /** Null while the run is open. */
  readonly outcome: string | null;
  /** The first of it. */
  readonly task: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Calls that wait for a person. */
  readonly approvals: readonly PendingApproval[];
  /** Calls whose tools ask a person. */
  readonly questions: readonly PendingQuestions[];
}

/** Throws PawlError RUN_NOT_FOUND for a workflow that is no run. */
export async function briefOf(client: Client, runId: string): Promise<RunBrief> {
  const info = await client.workflow.getHandle(runId).describe();
  if (info.type !== WORKFLOW_TYPE) {
    throw new PawlError("RUN_NOT_FOUND", `There is no run ${runId}.`);
  }
  const { tenant, agent, session, status, outcome, task, startedAt, endedAt } = listed(info);
  const approvals = status === "ended" ? [] : approvalsIn(info.memo).waiting;
  const questions = status === "ended" ? [] : questionsIn(info.memo).waiting;
  const waiting = { approvals, questions };
  return { runId, tenant, agent, session, status, outcome, task, startedAt, endedAt, ...waiting };
}
