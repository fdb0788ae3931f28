// Start, watch, steer and read runs from any Node program. What is repeated has
// no second effect: an order with its key, a cancel, a pause, a resume.

import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import type {
  ApprovalShown,
  ApprovalWaiting,
  DecidedApproval,
  Decision,
} from "../domain/approval.ts";
import { PawlError } from "../domain/errors.ts";
import type { RunResult } from "../domain/outcome.ts";
import { SIGNALS, WORKFLOW_TYPE } from "../domain/run.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { backendError } from "./backend-error.ts";
import { listApprovals, readApproval, type ApprovalsQuery } from "./approvals.ts";
import type { Backend } from "./connect.ts";
import { createDeltaFeed } from "./delta-feed.ts";
import { decide } from "./decide.ts";
import { createHistories, executionsOf, pause, tailHistory } from "./histories.ts";
import type { HistoryEvent } from "./history-fact.ts";
import { describeQueue, type Queue } from "./queue.ts";
import { readRun, type RunShown } from "./read-run.ts";
import { briefOf, type RunBrief } from "./run-brief.ts";
import { countRuns, type RunCounts } from "./run-counts.ts";
import { listRuns, type ListQuery, type RunListed } from "./run-list.ts";
import { pageOfRuns, type PageQuery, type RunPage } from "./run-page.ts";
import { identify, shortTask, type IdentifiedRun, type RunOrder } from "./run-order.ts";
import { say, type Said } from "./say.ts";
import { ensureSearchAttributes, isSearchAttributeMissing } from "./search-attributes.ts";
import { AGENT, STATUS, TENANT } from "./search-keys.ts";
import { asked, runEnded, told } from "./steer.ts";
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
  /** As `list`, and on from where a page ended. */
  page(query?: PageQuery): Promise<RunPage>;
  counts(query?: Pick<ListQuery, "tenant">): Promise<RunCounts>;
  /** Throws PawlError RUN_NOT_FOUND for anything that is no run. */
  about(runId: string): Promise<RunBrief>;
  /** Steering throws PawlError RUN_ENDED where the run has ended, RUN_NOT_FOUND where there is none. */
  cancel(runId: string): Promise<void>;
  pause(runId: string): Promise<void>;
  resume(runId: string): Promise<void>;
  /** Also USAGE for a text that is empty or too long, INBOX_FULL where too much is unread. */
  say(runId: string, said: Said): Promise<{ readonly messageId: string }>;
  /** Calls that wait for a person, of all runs; a second or so late. */
  approvals(query?: ApprovalsQuery): Promise<readonly ApprovalWaiting[]>;
  /** One of them, with all that a person must see before deciding. */
  approval(runId: string, callId: string): Promise<ApprovalShown>;
  /** The first decision counts; any other throws PawlError with the reason. */
  decide(runId: string, decision: Decision): Promise<DecidedApproval>;
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent>;
  exportHistories(runId: string): Promise<RunExport>;
  /** How many workers poll for runs; 0 means that nothing will happen until one starts. */
  workers(): Promise<number>;
  queue(): Promise<Queue>;
  link(runId: string): string | null;
  /** Where the page shows the run; null where no gateway is known. */
  pageLink(runId: string): string | null;
  close(): Promise<void>;
}

export function createRunClient(backend: Backend): RunClient {
  const { client } = backend;
  const histories = createHistories(client);
  const converter = client.options.loadedDataConverter;
  const link = (runId: string): string | null => linkTo(backend, runId);
  const deltas = backend.deltas === null ? null : createDeltaFeed(backend.deltas);
  const sources: WatchSources = { histories, converter, deltas, link };
  const handle = (runId: string) => client.workflow.getHandle(runId);

  return {
    link,
    pageLink: (runId) => pageLinkTo(backend, runId),
    start: async (order) => await start(backend, identify(order)),
    approvals: (query) => asked(listApprovals(client, query)),
    approval: (runId, callId) => asked(readApproval({ ...sources, client }, runId, callId), runId),
    decide: (runId, decision) => asked(decide({ ...sources, client }, runId, decision), runId),
    watch: (runId, options) => watchRun(sources, runId, options),
    list: (query) => asked(listRuns(client, query)),
    page: (query = {}) => asked(pageOfRuns(client, backend.namespace, query)),
    counts: (query = {}) => asked(countRuns(client, query)),
    about: (runId) => asked(briefOf(client, runId), runId),
    async cancel(runId) {
      // Temporal accepts a cancel of what is over, and nothing comes of it.
      const { closeTime } = await asked(handle(runId).describe(), runId);
      if (closeTime !== undefined) throw runEnded(runId);
      await told(handle(runId), (run) => run.cancel());
    },
    pause: (runId) => told(handle(runId), (run) => run.signal(SIGNALS.pause)),
    resume: (runId) => told(handle(runId), (run) => run.signal(SIGNALS.resume)),
    say: (runId, said) => say(client, runId, said),
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
    workers: async () => (await asked(describeQueue(backend))).workers,
    queue: () => asked(describeQueue(backend)),
    close: () => backend.close(),
  };
}

/** How long a server may take to know columns that were just added. */
const COLUMNS_KNOWN_MS = 15_000;

/** The first run on a namespace may come before any worker, and so before its columns are there. */
async function start(backend: Backend, run: IdentifiedRun): Promise<RunStartedReceipt> {
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
  if (memo?.["taskDigest"] !== digest) {
    throw new PawlError(
      "IDEMPOTENCY_MISMATCH",
      `This key belongs to the run ${runId}, which was started with another task or other options.`,
    );
  }
  const traceId = typeof memo["traceId"] === "string" ? memo["traceId"] : "";
  return { runId, traceId, link: linkTo(backend, runId), created: false };
}

function linkTo({ uiUrl, namespace }: Backend, runId: string): string | null {
  if (uiUrl === null) return null;
  const base = uiUrl.replace(/\/+$/, "");
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(runId)}`;
}

function pageLinkTo({ gatewayUrl }: Backend, runId: string): string | null {
  if (gatewayUrl === null) return null;
  return `${gatewayUrl.replace(/\/+$/, "")}/#/runs/${encodeURIComponent(runId)}`;
}
