// Tells runs that wait at a shared cap to look again. They would do so by themselves within minutes;
// a run that is missed here, because the list of runs is a second late, is only slower.

import type { Client } from "@temporalio/client";
import type { BudgetName } from "../domain/budget.ts";
import { PARKED_AT_MEMO, SIGNALS } from "../temporal/names.ts";
import { startMemo } from "../temporal/run-start.ts";
import { present } from "../domain/present.ts";
import { isNotFound } from "./backend-error.ts";
import { visibilityQuery } from "./run-list.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";

/** Returns how many were told. */
export async function wakeParked(
  client: Client,
  { scope, tenant, session }: BudgetName,
): Promise<number> {
  const query = visibilityQuery({ status: "waiting", ...present({ tenant }) });
  let woken = 0;
  try {
    for await (const { workflowId, memo } of client.workflow.list({ query })) {
      const isOthers = session !== undefined && startMemo(memo).session !== session;
      if (isOthers || memo?.[PARKED_AT_MEMO] !== scope) continue;
      if (await lookAgain(client, workflowId)) woken += 1;
    }
  } catch (error) {
    // A server without our columns has not seen a run yet, so nothing waits.
    if (!isSearchAttributeMissing(error)) throw error;
  }
  return woken;
}

async function lookAgain(client: Client, runId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(runId).signal(SIGNALS.lookAgain);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
