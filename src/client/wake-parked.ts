// Tells runs that wait at a shared cap, or for a model, to look again. They would do so by themselves within minutes;
// a run that is missed here, because the list of runs is a second late, is only slower.

import type { Client } from "@temporalio/client";
import type { BudgetName } from "../domain/budget.ts";
import type { Wait } from "../domain/run/state.ts";
import { MEMOS, SIGNALS } from "../temporal/names.ts";
import { startMemo } from "../temporal/run-start.ts";
import { present } from "../domain/present.ts";
import { isNotFound } from "./backend-error.ts";
import { visibilityQuery } from "./run-list.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";

/** Returns how many were told. */
export async function wakeParked(client: Client, { scope, ...whose }: BudgetName): Promise<number> {
  return await wakeWaiting(client, ({ limit }) => limit === scope, whose);
}

/** Of all runs that wait, or of those of a tenant or its session; returns how many were told. */
export async function wakeWaiting(
  client: Client,
  isMeant: (wait: Wait) => boolean,
  { tenant, session }: Pick<BudgetName, "tenant" | "session"> = {},
): Promise<number> {
  const query = visibilityQuery({ status: "waiting", ...present({ tenant }) });
  let woken = 0;
  try {
    for await (const { workflowId, memo } of client.workflow.list({ query })) {
      const isOthers = session !== undefined && startMemo(memo).session !== session;
      const wait = waitIn(memo);
      if (isOthers || wait === null || !isMeant(wait)) continue;
      if (await lookAgain(client, workflowId)) woken += 1;
    }
  } catch (error) {
    // A server without our columns has not seen a run yet, so nothing waits.
    if (!isSearchAttributeMissing(error)) throw error;
  }
  return woken;
}

function waitIn(memo: Readonly<Record<string, unknown>> | undefined): Wait | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
  return (memo?.[MEMOS.waiting] as Wait | null | undefined) ?? null;
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
