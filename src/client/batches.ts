// The part of a RunClient that is about batches: from an order to a batch, once for each key, how it
// stands, and what its items came to. Items and results lie in Postgres.

import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import {
  NONE_ENDED,
  type BatchResult,
  type EndedCounts,
  type ItemResult,
} from "../domain/batch.ts";
import { PawlError } from "../domain/errors.ts";
import { usdOf } from "../domain/money.ts";
import { createBatches, type Batches, type BatchStored, type EndedItem } from "../store/batches.ts";
import { BATCH_WORKFLOW_TYPE } from "../temporal/names.ts";
import { admitTenant } from "./admit-payer.ts";
import { awaitClose } from "./await-result.ts";
import { backendError } from "./backend-error.ts";
import { identifyBatch, type BatchOrder, type IdentifiedBatch } from "./batch-order.ts";
import type { Backend } from "./connect.ts";
import { createHistories } from "./histories.ts";
import { tablesIn } from "./own-tables.ts";
import { linkTo } from "./run-links.ts";
import { asked } from "./steer.ts";

export interface BatchReceipt {
  readonly batchId: string;
  readonly link: string | null;
  /** False where the same order had been accepted before under its key. */
  readonly created: boolean;
}

export interface BatchShown {
  readonly batchId: string;
  readonly tenant: string;
  /** `broken`: ended from outside, with items that nobody will begin. */
  readonly status: "running" | "ended" | "broken";
  readonly items: number;
  readonly ended: EndedCounts;
  /** Null where the batch has no cap of its own. */
  readonly capUsd: number | null;
  readonly costUsd: number;
  readonly result: BatchResult | null;
}

export interface BatchClient {
  /** Throws PawlError IDEMPOTENCY_MISMATCH where the key belongs to another order. */
  startBatch(order: BatchOrder): Promise<BatchReceipt>;
  batch(batchId: string): Promise<BatchShown>;
  /** Resolves when nothing more will come of the batch, or the signal aborts. */
  batchClosed(batchId: string, signal: AbortSignal): Promise<void>;
  /** In the order of the file; items that have not ended are left out while the batch is under way. */
  batchResults(batchId: string): AsyncIterable<ItemResult>;
}

interface Source {
  readonly backend: Backend;
  readonly batches: Batches;
}

export function batchesOf(backend: Backend): BatchClient {
  const tables = tablesIn(backend.db, "the items of a batch lie there");
  const source = async (): Promise<Source> => ({ backend, batches: createBatches(await tables()) });
  return {
    async startBatch(order) {
      const identified = identifyBatch(order, backend.inputRules, backend.models);
      return await startBatch(await source(), identified);
    },
    batch: async (batchId) => await showBatch(await source(), batchId),
    batchClosed: async (batchId, signal) => {
      const { client } = backend;
      const converter = client.options.loadedDataConverter;
      await awaitClose({ histories: createHistories(client), converter }, batchId, signal);
    },
    batchResults: (batchId) => resultsOf(source, batchId),
  };
}

async function startBatch(
  { backend, batches }: Source,
  { input, items }: IdentifiedBatch,
): Promise<BatchReceipt> {
  const { batchId, digest } = input;
  const link = linkTo(backend, batchId);
  // Also where Temporal has forgotten the batch, and would start another one under its key.
  const known = await batches.get(batchId);
  if (known !== null) return repeated(batchId, known.digest, { digest, link });
  await admitTenant(backend, input.tenant);
  await batches.putItems(input, items);
  try {
    await backend.client.workflow.start(BATCH_WORKFLOW_TYPE, {
      workflowId: batchId,
      taskQueue: backend.taskQueue,
      args: [input],
      workflowIdReusePolicy: "REJECT_DUPLICATE",
      workflowIdConflictPolicy: "FAIL",
      memo: { batchDigest: digest, items: items.length, tenant: input.tenant },
      staticSummary: `a batch of ${items.length} tasks`,
    });
    return { batchId, link, created: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw backendError(error);
    const { memo } = await asked(backend.client.workflow.getHandle(batchId).describe(), batchId);
    return repeated(batchId, memo?.["batchDigest"], { digest, link });
  }
}

function repeated(
  batchId: string,
  before: unknown,
  { digest, link }: { readonly digest: string; readonly link: string | null },
): BatchReceipt {
  if (before === digest) return { batchId, link, created: false };
  throw new PawlError(
    "IDEMPOTENCY_MISMATCH",
    `This key belongs to ${batchId}, which was started with another file or another --max-cost.`,
  );
}

async function showBatch({ backend, batches }: Source, batchId: string): Promise<BatchShown> {
  const stored = await batches.get(batchId);
  if (stored !== null && stored.result !== null) return shown(stored, "ended");
  const info = await describe(backend, batchId);
  if (info.status.name === "RUNNING")
    return shown(stored ?? notOpened(batchId, info.memo), "running");
  // It may have come to its end between the two questions.
  const last = await batches.get(batchId);
  const status = last !== null && last.result !== null ? "ended" : "broken";
  return shown(last ?? notOpened(batchId, info.memo), status);
}

async function describe({ client }: Backend, batchId: string) {
  const info = await client.workflow
    .getHandle(batchId)
    .describe()
    .catch((error: unknown) => {
      const reason = backendError(error, batchId);
      throw isUnknown(reason) ? noBatch(batchId) : reason;
    });
  if (info.type !== BATCH_WORKFLOW_TYPE) throw noBatch(batchId);
  return info;
}

function isUnknown(error: unknown): boolean {
  return error instanceof PawlError && error.code === "RUN_NOT_FOUND";
}

function noBatch(batchId: string): PawlError {
  return new PawlError("RUN_NOT_FOUND", `There is no batch ${batchId}.`);
}

type Standing = Omit<BatchStored, "digest" | "startedAtMs">;

/** No worker has opened it yet. */
function notOpened(batchId: string, memo: Record<string, unknown> | undefined): Standing {
  const { items, tenant } = memo ?? {};
  return {
    batchId,
    tenant: typeof tenant === "string" ? tenant : "",
    items: typeof items === "number" ? items : 0,
    capMicroUsd: null,
    ended: NONE_ENDED,
    spentMicroUsd: 0,
    result: null,
  };
}

function shown(batch: Standing, status: BatchShown["status"]): BatchShown {
  const { batchId, tenant, items, ended, capMicroUsd, spentMicroUsd, result } = batch;
  const capUsd = usdOf(capMicroUsd);
  const costUsd = usdOf(spentMicroUsd);
  return { batchId, tenant, status, items, ended, capUsd, costUsd, result };
}

async function* resultsOf(
  open: () => Promise<Source>,
  batchId: string,
): AsyncGenerator<ItemResult, void, undefined> {
  const source = await open();
  const { status } = await showBatch(source, batchId);
  const batch = await source.batches.get(batchId);
  if (batch === null) return;
  let after = 0;
  while (true) {
    const page = await source.batches.results(batch, after);
    if (page.length === 0) return;
    for (const item of page) {
      const hasEnded = item.result !== null || item.broken !== null;
      if (hasEnded || status !== "running") yield itemResult(item, batch.result);
    }
    after = page.at(-1)?.position ?? after;
  }
}

function itemResult(item: EndedItem, batch: BatchResult | null): ItemResult {
  const { itemId: id, runId, result, broken, spentMicroUsd } = item;
  if (result !== null) {
    const { outcome, answer, partial, costUsd } = result;
    return { id, runId, outcome, answer, partial, costUsd };
  }
  const costUsd = usdOf(spentMicroUsd);
  const nothing = { answer: null, partial: false, costUsd };
  if (broken !== null) return { id, runId, outcome: broken, ...nothing };
  return { id, runId: null, outcome: notStarted(batch), ...nothing };
}

/** Null where the batch itself was ended from outside: some of its runs may still be under way. */
function notStarted(batch: BatchResult | null): ItemResult["outcome"] {
  if (batch === null) {
    return { kind: "cancelled", message: "the batch was ended from outside before this item" };
  }
  if (batch.outcome.kind !== "stopped") {
    return { kind: "cancelled", message: "not started: the batch was cancelled" };
  }
  const { limit, message } = batch.outcome;
  return {
    kind: "stopped",
    limit,
    message: `not started: an item before it met a limit: ${message}`,
  };
}
