// One run, watched once for all who look at it: what happens is appended to a log, and whoever wants
// it is woken, at most every few milliseconds. A Temporal that is away is waited for.

import type { RunClient } from "../client/run-client.ts";
import { formatEventId } from "../client/event-id.ts";
import { pause } from "../client/histories.ts";
import { isPawlError } from "../domain/errors.ts";
import { createEventLog, type EventLog, type EventLogOptions } from "./event-log.ts";

export interface RunTail {
  readonly log: EventLog;
  /** Nothing will be added: the run has ended, or can't be watched. */
  readonly isOver: boolean;
  stop(): void;
}

export interface RunTailOptions {
  readonly runId: string;
  readonly log: EventLogOptions;
  /** What happens within this time goes out as one write. */
  readonly gatherMs: number;
  readonly onNews: () => void;
  readonly onFailed: (error: unknown) => void;
}

const AGAIN_MS = 1000;

export function openRunTail(client: Pick<RunClient, "watch">, options: RunTailOptions): RunTail {
  const { runId, onFailed } = options;
  const log = createEventLog(options.log);
  const stopping = new AbortController();
  const bell = createBell(options.gatherMs, options.onNews);
  let isOver = false;

  async function watchOnce(): Promise<void> {
    const { lastId } = log;
    const after = lastId === null ? {} : { after: formatEventId(lastId) };
    for await (const event of client.watch(runId, { ...after, signal: stopping.signal })) {
      log.append(event);
      bell.ring();
      await log.room();
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        return await watchOnce();
      } catch (error) {
        if (!isPawlError(error) || error.code !== "BACKEND_UNREACHABLE") return onFailed(error);
        await pause(AGAIN_MS, stopping.signal);
      }
    }
  }

  const finish = (): void => {
    isOver = true;
    bell.ring();
  };
  watch().then(finish, finish);
  return {
    log,
    get isOver() {
      return isOver;
    },
    stop() {
      stopping.abort();
      bell.silence();
      log.close();
    },
  };
}

/** Rings at once after a silence, and then at most every `gatherMs`. */
function createBell(gatherMs: number, onNews: () => void) {
  let timer: NodeJS.Timeout | null = null;
  let rangAtMs = -Infinity;
  return {
    ring(): void {
      if (timer !== null) return;
      const waitMs = Math.max(0, rangAtMs + gatherMs - performance.now());
      timer = setTimeout(() => {
        timer = null;
        rangAtMs = performance.now();
        onNews();
      }, waitMs);
    },
    silence(): void {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
