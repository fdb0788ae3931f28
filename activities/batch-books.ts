// What a batch reads and writes in the store: its items, what became of them, what all of it cost.
// The runs themselves are begun by the workflow (workflows/agent-batch.ts).

import { Context } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import { itemRunId, type BatchInput, type BatchResult } from "../src/domain/batch.ts";
import type { Outcome, RunResult } from "../src/domain/outcome.ts";
import type { HistoryMarks } from "../src/domain/run/snapshot.ts";
import { usdOf } from "../src/domain/money.ts";
import { asFailures } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

type ItemSet = Pick<BatchInput, "batchId" | "digest">;

export interface OpenBatchInput extends Omit<BatchInput, "resumed"> {
  readonly startedAtMs: number;
}

export interface LookAtItemsInput extends ItemSet {
  readonly positions: readonly number[];
}

export interface ItemEnd {
  readonly position: number;
  readonly outcome: Outcome;
}

export type CloseBatchInput = Omit<BatchResult, "type" | "costUsd">;

export function createBatchBooks(deps: ActivityDeps) {
  return {
    openBatch: (input: OpenBatchInput) => asFailures(() => openBatch(deps, input)),
    loadItems: ({ after, ...set }: ItemSet & { readonly after: number }) =>
      asFailures(() => deps.batches.items(set, after)),
    noteBrokenItem: ({ position, outcome, ...set }: ItemSet & ItemEnd) =>
      asFailures(() => deps.batches.noteBroken(set, position, outcome)),
    lookAtItems: (input: LookAtItemsInput) => asFailures(() => lookAtItems(deps, input)),
    closeBatch: (input: CloseBatchInput) => asFailures(() => closeBatch(deps, input)),
  };
}

async function openBatch(
  { batches, config, telemetry }: ActivityDeps,
  { concurrency, ...batch }: OpenBatchInput,
): Promise<HistoryMarks> {
  await batches.open(batch);
  const { batchId, tenant, items, capMicroUsd } = batch;
  telemetry.emit({ event: "batch_start", batchId, tenant, items, concurrency, capMicroUsd });
  return { events: config.history.maxEvents, bytes: config.history.maxBytes };
}

/** Those of the runs that have ended, in the order of their positions. */
async function lookAtItems(
  { batches }: ActivityDeps,
  { positions, ...set }: LookAtItemsInput,
): Promise<readonly ItemEnd[]> {
  const recorded = await batches.outcomes(set, positions);
  const ends: ItemEnd[] = [];
  for (const position of positions) {
    const outcome =
      recorded.get(position) ??
      (await brokenOutcome(Context.current().client, itemRunId(set.batchId, position)));
    if (outcome === null) continue;
    if (!recorded.has(position)) await batches.noteBroken(set, position, outcome);
    ends.push({ position, outcome });
  }
  return ends;
}

const FROM_OUTSIDE: readonly string[] = ["TERMINATED", "TIMED_OUT", "FAILED"];

/** How a run ended that left no record; null while it is under way. */
async function brokenOutcome(client: Client, runId: string): Promise<Outcome | null> {
  const run = client.workflow.getHandle<() => Promise<RunResult>>(runId);
  try {
    const { status } = await run.describe();
    // The record may have been lost with the database; the history has it too.
    if (status.name === "COMPLETED") return (await run.result()).outcome;
    if (status.name === "CANCELLED") return { kind: "cancelled", message: "the run was cancelled" };
    if (!FROM_OUTSIDE.includes(status.name)) return null;
    return { kind: "failed", code: status.name, message: "the run was ended from outside" };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "WorkflowNotFoundError") throw error;
    return { kind: "failed", code: "RUN_NOT_FOUND", message: "nothing is left of the run" };
  }
}

async function closeBatch(
  { batches, telemetry }: ActivityDeps,
  closed: CloseBatchInput,
): Promise<BatchResult> {
  const stored = await batches.get(closed.batchId);
  const costMicroUsd = stored?.spentMicroUsd ?? 0;
  const result: BatchResult = { type: "batch", ...closed, costUsd: usdOf(costMicroUsd) };
  await batches.close(result);
  const { batchId, outcome, ended, notStarted, durationMs } = closed;
  telemetry.emit({
    event: "batch_end",
    batchId,
    outcome: outcome.kind,
    ...ended,
    notStarted,
    costMicroUsd,
    latencyMs: durationMs,
  });
  return result;
}
