// What waits for people in all runs, as the list of runs knows it: a second or so late.

import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { present } from "../domain/present.ts";
import { COLUMNS } from "../temporal/columns.ts";
import { startMemo } from "../temporal/run-start.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";
import { visibilityQuery } from "./run-list.ts";

export interface WaitingQuery {
  readonly tenant?: string;
  /** How many calls at most. */
  readonly limit?: number;
}

/** Whose call it is. */
export interface OfRun {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  readonly task: string;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

export async function listWaiting<T>(
  client: Client,
  { tenant, limit = LIMIT_DEFAULT }: WaitingQuery,
  waitingIn: (memo: WorkflowExecutionInfo["memo"]) => readonly T[],
): Promise<readonly (T & OfRun)[]> {
  const atMost = Math.min(limit, LIMIT_MAX);
  const waiting: (T & OfRun)[] = [];
  const query = visibilityQuery({ status: "waiting", ...present({ tenant }) });
  try {
    for await (const info of client.workflow.list({ query })) {
      const about = aboutOf(info);
      waiting.push(...waitingIn(info.memo).map((call) => ({ ...call, ...about })));
      if (waiting.length >= atMost) break;
    }
  } catch (error) {
    // A server without our columns has not seen a run yet, so nothing waits.
    if (!isSearchAttributeMissing(error)) throw error;
  }
  return waiting.slice(0, atMost);
}

function aboutOf({ workflowId, memo, typedSearchAttributes }: WorkflowExecutionInfo): OfRun {
  return {
    runId: workflowId,
    tenant: typedSearchAttributes.get(COLUMNS.tenant) ?? "",
    agent: typedSearchAttributes.get(COLUMNS.agent) ?? "",
    task: startMemo(memo).task,
  };
}
