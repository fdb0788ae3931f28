// From an order to a run, once for each key: also where its run ended long ago, and where this is the
// first run that the namespace sees.

import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import { PawlError } from "../domain/errors.ts";
import { WORKFLOW_TYPE } from "../domain/run.ts";
import type { RunRecord } from "../store/run-records.ts";
import { backendError } from "./backend-error.ts";
import type { Backend } from "./connect.ts";
import { pause } from "./histories.ts";
import { identify, shortTask, type IdentifiedRun, type RunOrder } from "./run-order.ts";
import { ensureSearchAttributes, isSearchAttributeMissing } from "./search-attributes.ts";
import { AGENT, SESSION, STATUS, TENANT } from "./search-keys.ts";
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
  const run = identify(order);
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
      await asked(ensureSearchAttributes(backend.operator, backend.namespace));
      if (Date.now() > deadline) throw backendError(error);
      await pause(200);
    }
  }
}

async function startOnce(backend: Backend, run: IdentifiedRun): Promise<RunStartedReceipt> {
  const { runId, input, digest } = run;
  const { task, tenant, agent, session, traceId } = input;
  try {
    await backend.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: runId,
      taskQueue: backend.taskQueue,
      args: [input],
      // An id is a key that a caller relies on, also when its run is over.
      workflowIdReusePolicy: "REJECT_DUPLICATE",
      workflowIdConflictPolicy: "FAIL",
      memo: { taskDigest: digest, task: shortTask(task), traceId, session },
      typedSearchAttributes: [
        { key: AGENT, value: agent },
        { key: TENANT, value: tenant },
        { key: SESSION, value: session },
        { key: STATUS, value: "running" },
      ],
      staticSummary: shortTask(task).slice(0, 100).toWellFormed(),
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
  { runId, digest }: IdentifiedRun,
): Promise<RunStartedReceipt> {
  const { memo } = await backend.client.workflow.getHandle(runId).describe();
  if (memo?.["taskDigest"] !== digest) throw otherOrder(runId);
  const traceId = typeof memo["traceId"] === "string" ? memo["traceId"] : "";
  return { runId, traceId, link: linkTo(backend, runId), created: false };
}

/** Temporal may have forgotten the run, and would start another one under its key. */
function endedBefore(
  { runId, digest }: IdentifiedRun,
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
