// The list of runs, newest first, from Temporal's visibility: a second or so behind the runs.

import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { PawlError } from "../domain/errors.ts";
import type { RunStatus } from "../domain/outcome.ts";
import { WORKFLOW_TYPE } from "../domain/run.ts";
import { isSearchAttributeMissing } from "./search-attributes.ts";
import { AGENT, COST_USD, OUTCOME, STATUS, TENANT, TURNS } from "./search-keys.ts";

export interface ListQuery {
  readonly limit?: number;
  readonly status?: RunStatus;
  readonly outcome?: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly session?: string;
}

export interface RunListed {
  readonly runId: string;
  readonly status: RunStatus;
  /** Null while the run is open. */
  readonly outcome: string | null;
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  /** As of a few turns ago while the run is open. */
  readonly costUsd: number;
  readonly turns: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export const LIMIT_DEFAULT = 20;
export const LIMIT_MAX = 1000;

export async function listRuns(
  client: Client,
  query: ListQuery = {},
): Promise<readonly RunListed[]> {
  const limit = Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX);
  const runs: RunListed[] = [];
  if (limit < 1) return runs;
  try {
    for await (const info of client.workflow.list({
      query: visibilityQuery(query),
      pageSize: limit,
    })) {
      runs.push(listed(info));
      if (runs.length >= limit) break;
    }
  } catch (error) {
    // A server without our columns has not seen a run yet, so no run matches.
    if (!isSearchAttributeMissing(error)) throw error;
  }
  return runs;
}

/** Histories that went on in a fresh one are parts of a run, not runs. */
export function visibilityQuery(query: ListQuery): string {
  const { status, outcome, tenant, agent, session } = query;
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`, "ExecutionStatus != 'ContinuedAsNew'"];
  if (status === "ended") conditions.push("ExecutionStatus != 'Running'");
  else if (status !== undefined) {
    conditions.push("ExecutionStatus = 'Running'", `PawlStatus = ${quoted(status)}`);
  }
  if (outcome !== undefined) conditions.push(`PawlOutcome = ${quoted(outcome)}`);
  if (tenant !== undefined) conditions.push(`PawlTenant = ${quoted(tenant)}`);
  if (agent !== undefined) conditions.push(`PawlAgent = ${quoted(agent)}`);
  if (session !== undefined) conditions.push(`PawlSession = ${quoted(session)}`);
  return conditions.join(" AND ");
}

function quoted(value: string): string {
  if (/['"\\]/.test(value)) {
    throw new PawlError("USAGE", `${JSON.stringify(value)} can't be searched: it holds quotes.`);
  }
  return `'${value}'`;
}

export function listed(info: Omit<WorkflowExecutionInfo, "raw">): RunListed {
  const columns = info.typedSearchAttributes;
  const memo = info.memo ?? {};
  const isOpen = info.status.name === "RUNNING";
  return {
    runId: info.workflowId,
    status: isOpen ? openStatus(columns.get(STATUS)) : "ended",
    outcome: isOpen ? null : (columns.get(OUTCOME) ?? outcomeWithout(info.status.name)),
    task: text(memo["task"]),
    agent: columns.get(AGENT) ?? "",
    tenant: columns.get(TENANT) ?? "",
    session: text(memo["session"]),
    costUsd: columns.get(COST_USD) ?? 0,
    turns: columns.get(TURNS) ?? 0,
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The status column of an open run; what ends a run from outside never writes it. */
export function openStatus(column: string | undefined): RunStatus {
  return column === "waiting" || column === "paused" ? column : "running";
}

function outcomeWithout(executionStatus: string): string {
  return executionStatus === "CANCELLED" ? "cancelled" : "failed";
}
