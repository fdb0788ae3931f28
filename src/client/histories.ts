// Reads one history of a run: page by page, waiting for what is yet to happen. Knows nothing of what is
// in it. The chain of histories that one run leaves is history-chain.ts.

import type { Client } from "@temporalio/client";
import type { temporal } from "@temporalio/proto";
import { setTimeout as delay } from "node:timers/promises";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { backendError, isPassing } from "./backend-error.ts";
import type { HistoryEvent } from "../temporal/payloads.ts";
import { idOf } from "./history-facts.ts";
import { isQuotable } from "./newest-histories.ts";

export interface HistoryPage {
  readonly events: readonly HistoryEvent[];
  /** Null at the end of the history. */
  readonly next: Uint8Array | null;
}

export interface HistoryQuery {
  readonly runId: string;
  /** Temporal's run id: one history of the chain. Empty for the newest. */
  readonly executionId: string;
  readonly from: Uint8Array | null;
  /** Hold the answer back until there is something new. */
  readonly wait: boolean;
  readonly signal?: AbortSignal;
  readonly sizeMax?: number;
  readonly closeOnly?: boolean;
}

/** The port to Temporal's histories. */
export interface Histories {
  page(query: HistoryQuery): Promise<HistoryPage>;
  fate(runId: string, executionId: string): Promise<HistoryFate>;
  /** How many histories there are of a run, whoever took whose place. */
  count(runId: string): Promise<number>;
}

export interface HistoryFate {
  /** Also where the newest was asked for. */
  readonly executionId: string;
  readonly isOpen: boolean;
  /** The history that took its place when it was reset from outside; null where none did. */
  readonly replacedBy: string | null;
}

/** Longer than Temporal holds a long poll; what takes longer is a dead connection. */
const WAIT_MS = 75_000;
const ANSWER_MS = 15_000;
const COUNT_MS = 3000;
/** Numbers of Temporal's HistoryEventFilterType, whose object an ES module can't import by name. */
const ALL_EVENTS = 1;
const CLOSE_EVENT = 2;

export function createHistories(client: Client): Histories {
  const { connection, workflowService } = client;
  const namespace = client.options.namespace;
  return {
    async page({ runId, executionId, from, wait, signal, sizeMax, closeOnly }) {
      const request: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryRequest = {
        namespace,
        execution: { workflowId: runId, runId: executionId },
        waitNewEvent: wait,
        skipArchival: true,
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
        historyEventFilterType: closeOnly === true ? CLOSE_EVENT : ALL_EVENTS,
        ...present({ maximumPageSize: sizeMax }),
        ...(from === null ? {} : { nextPageToken: from }),
      };
      const answer = await abortable(signal, (own) =>
        connection.withAbortSignal(own, () =>
          connection.withDeadline(Date.now() + (wait ? WAIT_MS : ANSWER_MS), () =>
            workflowService.getWorkflowExecutionHistory(request),
          ),
        ),
      );
      const next = answer.nextPageToken;
      return {
        events: answer.history?.events ?? [],
        next: next == null || next.length === 0 ? null : next,
      };
    },
    async fate(workflowId, runId) {
      const execution = { workflowId, runId };
      const { workflowExecutionInfo: info, workflowExtendedInfo: more } =
        await connection.withDeadline(Date.now() + ANSWER_MS, () =>
          workflowService.describeWorkflowExecution({ namespace, execution }),
        );
      return {
        executionId: info?.execution?.runId ?? "",
        isOpen: info?.closeTime == null,
        // An empty id is none: so says the wire where there is nothing to say.
        replacedBy: more?.resetRunId || null,
      };
    },
    async count(workflowId) {
      if (!isQuotable(workflowId)) return Infinity;
      const query = `WorkflowId = '${workflowId}'`;
      const { count } = await connection.withDeadline(Date.now() + COUNT_MS, () =>
        client.workflow.count(query),
      );
      return count;
    },
  };
}

/** The SDK never takes its listeners off a signal, so each request gets a signal of its own. */
async function abortable<T>(
  signal: AbortSignal | undefined,
  request: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const abort = (): void => own.abort();
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await request(own.signal);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

export interface TailOptions {
  readonly runId: string;
  readonly executionId: string;
  /** False ends the tail at what has happened so far. */
  readonly wait: boolean;
  /** Only the event that closes the history, when it comes: all that happens before it costs nothing. */
  readonly closeOnly?: boolean;
  /** Asked each time all that has happened is read: how long what happens next may be gathered. */
  readonly gatherMs?: () => number;
  readonly signal?: AbortSignal;
  /** Told each time Temporal does not answer; the tail goes on where it was. */
  readonly onTrouble?: (error: unknown) => void;
  /** How long Temporal may be away. */
  readonly patienceMs?: number;
}

/** Who watches a run outlasts a restart; who asks what is there wants an answer. */
const PATIENCE_MS = { watching: 600_000, asking: 30_000 } as const;
const BACKOFF_MS = { first: 100, max: 3000 } as const;
/** Temporal gives 256 events and more a page, as long as there are as many. */
const FULL_PAGE_EVENTS = 256;

/** Every event of one history, once and in order, until it is closed. */
export async function* tailHistory(
  histories: Histories,
  options: TailOptions,
): AsyncGenerator<HistoryEvent, void, undefined> {
  const { runId, executionId, wait, closeOnly = false, gatherMs = () => 0 } = options;
  const signal = options.signal ?? new AbortController().signal;
  let seen = 0;
  let from: Uint8Array | null = null;
  const trouble = createTrouble(options);
  while (!signal.aborted) {
    try {
      const page = await histories.page({ runId, executionId, from, wait, signal, closeOnly });
      trouble.over();
      const fresh = page.events.filter((event) => idOf(event.eventId) > seen);
      seen = Math.max(seen, ...fresh.map((event) => idOf(event.eventId)));
      yield* fresh;
      if (page.next === null) return;
      from = page.next;
      const isAtHead = fresh.length > 0 && fresh.length < FULL_PAGE_EVENTS;
      if (isAtHead) await pause(gatherMs(), signal);
    } catch (error) {
      if (isAborted(signal)) return;
      // A restarted server may not know the old token any more: read again from the start.
      if (!isPassing(error) && from === null) throw backendError(error, runId);
      from = null;
      await trouble.wait(error);
    }
  }
}

/** What the loop above knows of the signal is what it was before the request. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function createTrouble({ onTrouble, signal, wait, ...options }: TailOptions) {
  const patienceMs = options.patienceMs ?? PATIENCE_MS[wait ? "watching" : "asking"];
  let sinceMs: number | null = null;
  let backoffMs: number = BACKOFF_MS.first;
  return {
    over(): void {
      sinceMs = null;
      backoffMs = BACKOFF_MS.first;
    },
    async wait(cause: unknown): Promise<void> {
      sinceMs ??= Date.now();
      if (Date.now() - sinceMs > patienceMs) {
        const seconds = Math.round(patienceMs / 1000);
        const message = `Temporal has not answered for ${seconds} s.`;
        throw new PawlError("BACKEND_UNREACHABLE", message, { cause });
      }
      onTrouble?.(cause);
      await pause(backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MS.max);
    },
  };
}

/** What became of one history: asked again while Temporal is away for a moment. */
export async function fateOf(
  histories: Pick<Histories, "fate">,
  { runId, executionId }: Pick<HistoryQuery, "runId" | "executionId">,
): Promise<HistoryFate> {
  const deadline = Date.now() + PATIENCE_MS.asking;
  while (true) {
    try {
      return await histories.fate(runId, executionId);
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw backendError(error, runId);
      await pause(BACKOFF_MS.max);
    }
  }
}

/** Ends early, and quietly, where the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, present({ signal }));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
