// Start, watch, steer and read runs from any Node program. What is repeated has
// no second effect: an order with its key, a cancel, a pause, a resume.

import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { PawlError } from "../domain/errors.ts";
import { admit } from "../domain/input-rules.ts";
import type { RunResult } from "../domain/outcome.ts";
import { SIGNALS } from "../temporal/names.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { peopleOf, type PeopleClient } from "./people-client.ts";
import { batchesOf, type BatchClient } from "./batches.ts";
import { capacityOf, type CapacityClient } from "./capacity.ts";
import type { Backend } from "./connect.ts";
import { totalsOf, type RunTotals } from "../store/ledger.ts";
import type { EndedQuery, EndedStats } from "../store/run-records.ts";
import { cancelRun, type Cancelled } from "./cancel.ts";
import { createDeltaFeed } from "./delta-feed.ts";
import { createHistories } from "./histories.ts";
import { wholeHistories } from "./history-chain.ts";
import { whoLeftBehind, type LeftBehind } from "./queue.ts";
import { awaitResult } from "./await-result.ts";
import type { RunShown } from "./read-run.ts";
import { orRecorded, recordedBrief, shownOf } from "./recorded-run.ts";
import { briefOf, type RunBrief } from "./run-brief.ts";
import { countRuns, type RunCounts } from "./run-counts.ts";
import { listRuns, type ListQuery, type RunListed } from "./run-list.ts";
import { pageOfRuns, type PageQuery, type RunPage } from "./page-of-runs.ts";
import type { RunOrder } from "./run-order.ts";
import { resumeRun, type Resumed, type ResumeOrder } from "./resume.ts";
import { say, type Said } from "./say.ts";
import { startRun, type RunStartedReceipt } from "./start-run.ts";
import { asked, ofRun, told } from "./steer.ts";
import { linkTo, pageLinkTo } from "./run-links.ts";
import { moneyOf, type MoneyClient } from "./treasury.ts";
import { showRun, undoingOf, type UndoClient } from "./undo.ts";
import { watchRun, type WatchOptions, type WatchSources } from "./watch.ts";
import { worldOf, type WorldClient } from "./world-client.ts";

/** A run as a file that `pawl replay` reads: one history per continue-as-new. */
export interface RunExport {
  readonly runId: string;
  readonly histories: readonly unknown[];
}

export interface RunClient
  extends MoneyClient, CapacityClient, BatchClient, UndoClient, PeopleClient, WorldClient {
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
  cancel(runId: string): Promise<Cancelled>;
  /** Ends a run without a worker: nothing of it is asked. Its holds are resolved when a worker comes. */
  terminate(runId: string, by: string): Promise<void>;
  pause(runId: string): Promise<void>;
  /** Also NOTHING_CHANGED where it neither rests nor is parked, or where it is parked again at once. */
  resume(runId: string, order?: ResumeOrder): Promise<Resumed>;
  /** Also USAGE for a text that is empty or too long, INBOX_FULL where too much is unread. */
  say(runId: string, said: Said): Promise<{ readonly messageId: string }>;
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent>;
  exportHistories(runId: string): Promise<RunExport>;
  /** Figures over runs that have ended; null where there is no database. */
  endedStats(query: EndedQuery): Promise<EndedStats | null>;
  link(runId: string): string | null;
  /** Where the page shows the run; null where no gateway is known. */
  pageLink(runId: string): string | null;
  close(): Promise<void>;
}

export function createRunClient(backend: Backend): RunClient {
  const { client, records } = backend;
  const histories = createHistories(client);
  const converter = client.options.loadedDataConverter;
  const link = (runId: string): string | null => linkTo(backend, runId);
  const deltas = backend.deltas === null ? null : createDeltaFeed(backend.deltas);
  // A run can be read without its books.
  const totals = async (runId: string): Promise<RunTotals | null> =>
    backend.db === null ? null : await totalsOf(backend.db, runId).catch(() => null);
  const leftBehind = async (runId: string): Promise<LeftBehind | null> =>
    await whoLeftBehind(backend, runId).catch(() => null);
  const sources: WatchSources = { histories, converter, deltas, records, link };
  const runSources = { ...sources, client };
  const handle = (runId: string) => client.workflow.getHandle(runId);

  return {
    ...moneyOf(backend),
    ...capacityOf(backend),
    ...batchesOf(backend),
    ...undoingOf(runSources, backend.taskQueue),
    ...peopleOf(runSources),
    ...worldOf(backend),
    link,
    pageLink: (runId) => pageLinkTo(backend, runId),
    start: (order) => startRun(backend, order),
    watch: (runId, options) => watchRun(sources, runId, options),
    list: (query) => asked(listRuns(client, query)),
    page: (query = {}) => asked(pageOfRuns(client, backend.namespace, query)),
    counts: (query = {}) => asked(countRuns(client, query)),
    about: (runId) =>
      orRecorded(records, runId, {
        live: () => asked(briefOf(client, runId), runId),
        recorded: recordedBrief,
      }),
    cancel: (runId) => cancelRun(backend, runId),
    terminate: async (runId, by) =>
      await told(ofRun(handle(runId)), (run) => run.terminate(`by ${by}, without a worker`)),
    pause: async (runId) => await told(ofRun(handle(runId)), (run) => run.signal(SIGNALS.pause)),
    resume: (runId, order = {}) => asked(resumeRun(runSources, runId, order), runId),
    async say(runId, said) {
      const { findings } = admit(said.text, backend.inputRules);
      return await say(client, runId, said, findings);
    },
    show: (runId) =>
      orRecorded(records, runId, {
        live: () => asked(showRun({ ...runSources, totals, leftBehind }, runId), runId),
        recorded: shownOf,
      }),
    async result(runId, signal = new AbortController().signal) {
      const result = await orRecorded(records, runId, {
        live: () => asked(awaitResult(runSources, runId, signal), runId),
        recorded: (record) => record.result,
      });
      if (result !== null) return result;
      throw new PawlError("USAGE", `Nobody waits for the run ${runId} any more.`);
    },
    async exportHistories(runId) {
      const exported: unknown[] = [];
      for await (const events of wholeHistories(sources.histories, runId)) {
        exported.push(JSON.parse(historyToJSON({ events: [...events] })));
      }
      return { runId, histories: exported };
    },
    endedStats: async (query) => (await records?.stats(query)) ?? null,
    close: () => backend.close(),
  };
}
