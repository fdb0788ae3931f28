// Start, watch, steer and read runs from any Node program. What is repeated has
// no second effect: an order with its key, a cancel, a pause, a resume.

import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { PawlError } from "../domain/errors.ts";
import type { RunResult } from "../domain/outcome.ts";
import { SIGNALS, WORKFLOW_TYPE } from "../domain/run.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { backendError, isNotFound } from "./backend-error.ts";
import type { Backend } from "./connect.ts";
import { createHistories, executionsOf, tailHistory } from "./histories.ts";
import type { HistoryEvent } from "./history-fact.ts";
import { readRun, type RunShown } from "./read-run.ts";
import { listRuns, type ListQuery, type RunListed } from "./run-list.ts";
import { identify, shortTask, type IdentifiedRun, type RunOrder } from "./run-order.ts";
import { AGENT, STATUS, TENANT } from "./search-keys.ts";
import { watchRun, type WatchOptions, type WatchSources } from "./watch.ts";

export interface RunStartedReceipt {
  readonly runId: string;
  readonly traceId: string;
  readonly link: string | null;
  /** False where the same order had been accepted before under its key. */
  readonly created: boolean;
}

/** A run as a file that `pawl replay` reads: one history per continue-as-new. */
export interface RunExport {
  readonly runId: string;
  readonly histories: readonly unknown[];
}

export interface RunClient {
  start(order: RunOrder): Promise<RunStartedReceipt>;
  /** Waits for the end of the run. */
  result(runId: string, signal?: AbortSignal): Promise<RunResult>;
  show(runId: string): Promise<RunShown>;
  list(query?: ListQuery): Promise<readonly RunListed[]>;
  /** Steering throws PawlError USAGE where the run has ended, RUN_NOT_FOUND where there is none. */
  cancel(runId: string): Promise<void>;
  pause(runId: string): Promise<void>;
  resume(runId: string): Promise<void>;
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent>;
  exportHistories(runId: string): Promise<RunExport>;
  /** How many workers poll for runs; 0 means that nothing will happen until one starts. */
  workers(): Promise<number>;
  link(runId: string): string | null;
  close(): Promise<void>;
}

export function createRunClient(backend: Backend): RunClient {
  const { client } = backend;
  const histories = createHistories(client);
  const converter = client.options.loadedDataConverter;
  const link = (runId: string): string | null => linkTo(backend, runId);
  const sources: WatchSources = { histories, converter, deltas: backend.deltas, link };
  const handle = (runId: string) => client.workflow.getHandle(runId);

  return {
    link,
    start: (order) => start(backend, identify(order)),
    watch: (runId, options) => watchRun(sources, runId, options),
    list: (query) => asked(listRuns(client, query)),
    cancel: (runId) => told(handle(runId), (run) => run.cancel()),
    pause: (runId) => told(handle(runId), (run) => run.signal(SIGNALS.pause)),
    resume: (runId) => told(handle(runId), (run) => run.signal(SIGNALS.resume)),
    show: (runId) => asked(readRun({ ...sources, client }, runId, { wait: false }), runId),
    async result(runId, signal) {
      const options = { wait: true, ...(signal === undefined ? {} : { signal }) };
      const shown = await asked(readRun({ ...sources, client }, runId, options), runId);
      if (shown.kind === "ended") return shown.result;
      throw new PawlError("USAGE", `Nobody waits for the run ${runId} any more.`);
    },
    async exportHistories(runId) {
      const exported: unknown[] = [];
      for await (const executionId of executionsOf(histories, runId)) {
        const events: HistoryEvent[] = [];
        const tail = tailHistory(histories, { runId, executionId, wait: false });
        for await (const event of tail) events.push(event);
        exported.push(JSON.parse(historyToJSON({ events })));
      }
      return { runId, histories: exported };
    },
    workers: () => asked(countWorkers(backend)),
    close: () => backend.close(),
  };
}

async function asked<T>(request: Promise<T>, runId?: string): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw backendError(error, runId);
  }
}

/** Temporal says of a run that is over the same as of one that never was. */
async function told(
  handle: WorkflowHandle,
  tell: (run: WorkflowHandle) => Promise<unknown>,
): Promise<void> {
  const runId = handle.workflowId;
  try {
    await tell(handle);
  } catch (error) {
    if (!isNotFound(error)) throw backendError(error, runId);
    await asked(handle.describe(), runId);
    throw new PawlError("USAGE", `The run ${runId} has already ended.`, { cause: error });
  }
}

async function start(backend: Backend, run: IdentifiedRun): Promise<RunStartedReceipt> {
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
        { key: STATUS, value: "running" },
      ],
      staticSummary: shortTask(task).slice(0, 100).toWellFormed(),
    });
    return { runId, traceId, link: linkTo(backend, runId), created: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw startError(error);
    return await asked(startedBefore(backend, run), runId);
  }
}

async function startedBefore(
  backend: Backend,
  { runId, digest }: IdentifiedRun,
): Promise<RunStartedReceipt> {
  const { memo } = await backend.client.workflow.getHandle(runId).describe();
  if (memo?.["taskDigest"] !== digest) {
    throw new PawlError(
      "IDEMPOTENCY_MISMATCH",
      `This key belongs to the run ${runId}, which was started with another task or other options.`,
    );
  }
  const traceId = typeof memo["traceId"] === "string" ? memo["traceId"] : "";
  return { runId, traceId, link: linkTo(backend, runId), created: false };
}

function startError(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const detail = cause instanceof Error ? cause.message : "";
  if (!/search attribute/i.test(detail)) return backendError(error);
  return new PawlError(
    "CONFIG",
    "This Temporal namespace lacks Pawl's search attributes. Start a worker once (`pawl worker`): it adds them.",
    { cause: error },
  );
}

/** TaskQueueType of Temporal's API: the queue on which workers poll for workflow tasks. */
const WORKFLOW_QUEUE = 1;

async function countWorkers({ client, namespace, taskQueue }: Backend): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum can't be imported
    taskQueueType: WORKFLOW_QUEUE,
  });
  return pollers?.length ?? 0;
}

function linkTo({ uiUrl, namespace }: Backend, runId: string): string | null {
  if (uiUrl === null) return null;
  const base = uiUrl.replace(/\/+$/, "");
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(runId)}`;
}
