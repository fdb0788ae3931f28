// From an order to a run, once for each key: also where its run ended long ago, and where this is the
// first run that the namespace sees.

import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import { PawlError } from "../domain/errors.ts";
import type { RunRecord } from "../store/run-records.ts";
import { WORKFLOW_TYPE } from "../temporal/names.ts";
import { startMemo, startOptions, type NewRun } from "../temporal/run-start.ts";
import { admitTenant } from "./admit-payer.ts";
import { backendError } from "./backend-error.ts";
import type { Backend } from "./connect.ts";
import { pause } from "./histories.ts";
import { identify, type RunOrder } from "./run-order.ts";
import {
  ensureSearchAttributes,
  isSearchAttributeMissing,
  missing,
  SEARCH_ATTRIBUTES,
} from "../temporal/search-attributes.ts";
import { asked } from "./steer.ts";
import { linkTo } from "./run-links.ts";

export interface RunStartedReceipt {
  readonly runId: string;
  readonly traceId: string;
  readonly link: string | null;
  /** False where the same order had been accepted before under its key. */
  readonly created: boolean;
}

/** How long a server may take to know columns that were just added. */
const COLUMNS_KNOWN_MS = 15_000;

/** The first run on a namespace may come before any worker, and so before its columns are there. */
export async function startRun(backend: Backend, order: RunOrder): Promise<RunStartedReceipt> {
  const run = identify(order, backend.inputRules, backend.models);
  await admitTenant(backend, run.input.tenant);
  if (order.key !== undefined) {
    const forgotten = await backend.records?.get(run.runId);
    if (forgotten != null) return endedBefore(run, forgotten);
  }
  const deadline = Date.now() + COLUMNS_KNOWN_MS;
  while (true) {
    try {
      return await startOnce(backend, run);
    } catch (error) {
      if (!isSearchAttributeMissing(error)) throw error;
      const { operator, namespace } = backend;
      const isListed = await asked(ensureSearchAttributes(operator, namespace));
      if (!isListed) throw missing(SEARCH_ATTRIBUTES, namespace, error);
      if (Date.now() > deadline) throw backendError(error);
      await pause(200);
    }
  }
}

async function startOnce(backend: Backend, run: NewRun): Promise<RunStartedReceipt> {
  const { runId } = run;
  const { traceId } = run.input;
  try {
    await backend.client.workflow.start(WORKFLOW_TYPE, {
      ...startOptions(run),
      taskQueue: backend.taskQueue,
      workflowIdConflictPolicy: "FAIL",
    });
    return { runId, traceId, link: linkTo(backend, runId), created: true };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return await asked(startedBefore(backend, run), runId);
    }
    throw isSearchAttributeMissing(error) ? error : backendError(error);
  }
}

async function startedBefore(
  backend: Backend,
  { runId, digest }: NewRun,
): Promise<RunStartedReceipt> {
  const { memo } = await backend.client.workflow.getHandle(runId).describe();
  const { taskDigest, traceId } = startMemo(memo);
  if (taskDigest !== digest) throw otherOrder(runId);
  return { runId, traceId, link: linkTo(backend, runId), created: false };
}

/** Temporal may have forgotten the run, and would start another one under its key. */
function endedBefore(
  { runId, digest }: NewRun,
  { taskDigest, result }: RunRecord,
): RunStartedReceipt {
  if (taskDigest !== digest) throw otherOrder(runId);
  return { runId, traceId: result.traceId, link: null, created: false };
}

function otherOrder(runId: string): PawlError {
  return new PawlError(
    "IDEMPOTENCY_MISMATCH",
    `This key belongs to the run ${runId}, which was started with another task or other options.`,
  );
}
