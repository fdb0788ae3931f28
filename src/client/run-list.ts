// The list of runs, newest first, from Temporal's visibility: a second or so behind the runs.

import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { PawlError } from "../domain/errors.ts";
import type { RunStatus } from "../domain/outcome.ts";
import { withoutReplaced } from "./newest-histories.ts";
import { COLUMNS } from "../temporal/columns.ts";
import { MEMOS, WORKFLOW_TYPE } from "../temporal/names.ts";
import { startMemo } from "../temporal/run-start.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";

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
  /** Set where it was answered and cost nothing: its models are free. */
  readonly free?: true;
  /** Rules of input that it met; absent where there are none. */
  readonly flagged?: readonly string[];
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
  let found: WorkflowExecutionInfo[] = [];
  const take = async (): Promise<void> => {
    runs.push(...(await withoutReplaced(client, found)).map(listed));
    found = [];
  };
  try {
    for await (const info of client.workflow.list({
      query: visibilityQuery(query),
      pageSize: limit,
    })) {
      found.push(info);
      if (runs.length + found.length >= limit) await take();
      if (runs.length >= limit) break;
    }
    await take();
  } catch (error) {
    // A server without our columns has not seen a run yet, so no run matches.
    if (!isSearchAttributeMissing(error)) throw error;
  }
  return runs;
}

/** Histories that went on in a fresh one are parts of a run, not runs. */
export function visibilityQuery(query: ListQuery): string {
  const { status, ...columns } = query;
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`, "ExecutionStatus != 'ContinuedAsNew'"];
  if (status === "ended") conditions.push("ExecutionStatus != 'Running'");
  else if (status !== undefined) {
    conditions.push("ExecutionStatus = 'Running'", isColumn("status", status));
  }
  for (const column of ["outcome", "tenant", "agent", "session"] as const) {
    const value = columns[column];
    if (value !== undefined) conditions.push(isColumn(column, value));
  }
  return conditions.join(" AND ");
}

function isColumn(column: keyof typeof COLUMNS, value: string): string {
  return `${COLUMNS[column].name} = ${quoted(value)}`;
}

function quoted(value: string): string {
  if (/['"\\]/.test(value)) {
    throw new PawlError("USAGE", `${JSON.stringify(value)} can't be searched: it holds quotes.`);
  }
  return `'${value}'`;
}

export function listed(info: Omit<WorkflowExecutionInfo, "raw">): RunListed {
  const columns = info.typedSearchAttributes;
  const { task, session } = startMemo(info.memo);
  const isOpen = info.status.name === "RUNNING";
  const outcome = isOpen
    ? null
    : (columns.get(COLUMNS.outcome) ?? outcomeWithout(info.status.name));
  const costUsd = columns.get(COLUMNS.costUsd) ?? 0;
  return {
    runId: info.workflowId,
    status: isOpen ? openStatus(columns.get(COLUMNS.status)) : "ended",
    outcome,
    task,
    agent: columns.get(COLUMNS.agent) ?? "",
    tenant: columns.get(COLUMNS.tenant) ?? "",
    session,
    costUsd,
    ...(outcome === "answered" && costUsd === 0 && { free: true as const }),
    ...flagsIn(info.memo),
    turns: columns.get(COLUMNS.turns) ?? 0,
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
  };
}

function flagsIn(memo: WorkflowExecutionInfo["memo"]): Pick<RunListed, "flagged"> {
  const given: unknown = memo?.[MEMOS.flagged];
  if (!Array.isArray(given)) return {};
  const flagged = given.filter((rule) => typeof rule === "string");
  return flagged.length === 0 ? {} : { flagged };
}

/** The status column of an open run; what ends a run from outside never writes it. */
export function openStatus(column: string | undefined): RunStatus {
  return column === "waiting" || column === "paused" ? column : "running";
}

function outcomeWithout(executionStatus: string): string {
  return executionStatus === "CANCELLED" ? "cancelled" : "failed";
}
