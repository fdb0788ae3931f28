// A run is listed once. One that was reset left a history that was ended from outside, and another of the same id
// took its place: visibility lists both, and neither says so.

import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { WORKFLOW_TYPE } from "../temporal/names.ts";

type Listed = Pick<WorkflowExecutionInfo, "workflowId" | "runId" | "startTime" | "status">;

/** As many ids as a query takes without growing too long to be read. */
const IDS_AT_ONCE = 50;

/** Without those whose place another history has taken, whether or not that is in the list as well. */
export async function withoutReplaced<Info extends Listed>(
  client: Pick<Client, "workflow">,
  infos: readonly Info[],
): Promise<readonly Info[]> {
  // One that is open is the newest of its run.
  const closed = infos.filter(({ status }) => status.name !== "RUNNING");
  const ids = [...new Set(closed.map(({ workflowId }) => workflowId))].filter(isQuotable);
  const newest = new Map<string, Listed>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const names = ids.slice(at, at + IDS_AT_ONCE).map((id) => `'${id}'`);
    const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId IN (${names.join(", ")})`;
    for await (const info of client.workflow.list({ query })) {
      const known = newest.get(info.workflowId);
      if (known === undefined || isNewer(info, known)) newest.set(info.workflowId, info);
    }
  }
  return infos.filter(({ workflowId, runId }) => {
    const last = newest.get(workflowId);
    return last === undefined || last.runId === runId;
  });
}

function isNewer(one: Listed, other: Listed): boolean {
  const [a, b] = [one.startTime.getTime(), other.startTime.getTime()];
  return a === b ? one.status.name === "RUNNING" : a > b;
}

/** Of an id that a query may name. */
export function isQuotable(id: string): boolean {
  return !/['"\\]/.test(id);
}
