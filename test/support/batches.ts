// Batches as tests order and read them.

import { randomUUID } from "node:crypto";
import { expect } from "@jest/globals";
import type { BatchOrder } from "../../src/client/batch-order.ts";
import type { BatchShown } from "../../src/client/batches.ts";
import type { BatchResult, ItemResult } from "../../src/domain/batch.ts";
import { until } from "./processes.ts";
import { withTemporalClient } from "./temporal-client.ts";
import type { World } from "./world.ts";

export function aBatch(tasks: readonly string[], more: Partial<BatchOrder> = {}): BatchOrder {
  const items = tasks.map((task, index) => ({ id: `item-${index + 1}`, line: index + 1, task }));
  return { tenant: "batches", items, concurrency: 3, capMicroUsd: null, ...more };
}

export const sums = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `What is ${index + 1} + 1?`);

export async function startBatch(
  { client }: World,
  tasks: readonly string[],
  more: Partial<BatchOrder> = {},
): Promise<string> {
  return (await client.startBatch(aBatch(tasks, more))).batchId;
}

/** To count a large batch costs its database something. */
const LOOK_EVERY_MS = 250;

const WITHIN_MS = 120_000 + Number(process.env["PAWL_TEST_ITEMS"] ?? 0) * 1500;

export async function standing(
  { client }: World,
  batchId: string,
  what: string,
  is: (shown: BatchShown) => boolean,
): Promise<BatchShown> {
  let lookedAt = 0;
  return await until(
    `${batchId} ${what}`,
    async () => {
      if (Date.now() - lookedAt < LOOK_EVERY_MS) return false;
      lookedAt = Date.now();
      const shown = await client.batch(batchId);
      return is(shown) && shown;
    },
    WITHIN_MS,
  );
}

export interface EndedBatch {
  readonly result: BatchResult;
  readonly items: readonly ItemResult[];
  readonly billedMicroUsd: number;
}

/** The end of a batch, and what must be true of its money however it got there. */
export async function endedBatch(world: World, batchId: string): Promise<EndedBatch> {
  const { result } = await standing(world, batchId, "ended", ({ status }) => status === "ended");
  if (result === null) throw new Error(`${batchId} ended without a result`);
  const items: ItemResult[] = [];
  for await (const item of world.client.batchResults(batchId)) items.push(item);
  expect(items).toHaveLength(result.items);

  const runIds = items.flatMap(({ runId }) => runId ?? []);
  expect(new Set(runIds).size).toBe(runIds.length);
  const [runs] = await world.db<{ spent: number; held: number }>`
    select coalesce(sum(spent + feared), 0)::bigint as spent, coalesce(sum(held), 0)::bigint as held
    from pawl.run where run_id = any (${runIds})`;
  const spentMicroUsd = runs?.spent ?? 0;
  const ofItems = items.reduce((sum, { costUsd }) => sum + Math.round(costUsd * 1e6), 0);
  expect(runs?.held).toBe(0);
  expect(Math.round(result.costUsd * 1e6)).toBe(spentMicroUsd);
  expect(ofItems).toBe(spentMicroUsd);
  const billed = (await world.model.billing()).filter(({ runKey }) =>
    runIds.includes(runKey ?? ""),
  );
  const billedMicroUsd = billed.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);
  expect(billedMicroUsd).toBeLessThanOrEqual(spentMicroUsd);
  return { result, items, billedMicroUsd };
}

/** As an operator does in an emergency: nothing of the run gets to close its books. */
export async function terminate(world: World, workflowId: string): Promise<void> {
  await withTemporalClient(world.temporal, (client) =>
    client.workflow.getHandle(workflowId).terminate("no more"),
  );
}

/** Back to its first decision: all that came of it is decided anew. */
export async function resetToStart(world: World, workflowId: string): Promise<void> {
  await withTemporalClient(world.temporal, async (client) => {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const first = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await client.workflowService.resetWorkflowExecution({
      namespace: world.temporal.namespace,
      workflowExecution: { workflowId },
      workflowTaskFinishEventId: first?.eventId ?? null,
      requestId: randomUUID(),
      reason: "a test",
    });
  });
}

export async function historyCount({ client }: World, batchId: string): Promise<number> {
  return (await client.exportHistories(batchId)).histories.length;
}
