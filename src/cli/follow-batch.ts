// Watches one batch to its end, then writes what its items came to: one line an item, in the order of
// the file. Looking costs the batch nothing, and whoever leaves stops nothing.

import type { BatchShown } from "../client/batches.ts";
import type { RunClient } from "../client/run-client.ts";
import type { BatchResult } from "../domain/batch.ts";
import { isPawlError, PawlError, type ErrorCode } from "../domain/errors.ts";
import { batchLine, createBatchView, summaryOf, type BatchView } from "./batch-view.ts";
import type { CliContext } from "./context.ts";
import { failureLines, writeResults } from "./batch-results.ts";
import { DETACHED_EXIT } from "./exit-code.ts";
import { count } from "./format.ts";
import { unservedNotice } from "./unserved-notice.ts";

export interface FollowBatchOptions {
  readonly out: string | undefined;
  readonly json: boolean | undefined;
}

/** How old the figures that are shown may be; of the end it is told at once. */
const LOOK_EVERY_MS = 1000;
const LOOK_SHARE = 10;
const PATIENCE_MS = 600_000;
const WORKER_CHECK_MS = 3000;
const BROKEN_EXIT = 1;
const PASSING: readonly ErrorCode[] = ["BACKEND_UNREACHABLE", "LEDGER_UNAVAILABLE"];

/** Returns the exit code. */
export async function followBatch(
  context: CliContext,
  client: RunClient,
  batchId: string,
  { out, json }: FollowBatchOptions,
): Promise<number> {
  const leaving = new AbortController();
  const view = createBatchView(context, json === true);
  const onInterrupt = (): void => leaving.abort();
  process.on("SIGINT", onInterrupt);
  try {
    const { signal } = leaving;
    const rest = restsUntilClosed(client, batchId, signal);
    const last = await untilEnded(client, batchId, { view, signal, rest });
    if (last === null) {
      const where = out === undefined ? "" : ` --out ${out}`;
      view.notice(`Detached: the batch goes on. See it again: pawl attach ${batchId}${where}`);
      return DETACHED_EXIT;
    }
    if (out !== undefined) await tellResults(client, batchId, { view, out });
    view.end(last);
    return last.result === null ? BROKEN_EXIT : exitCodeOfBatch(last.result);
  } finally {
    leaving.abort();
    process.off("SIGINT", onInterrupt);
    view.close();
  }
}

/** All is paid for by now: whoever can't have the file hears how to get it elsewhere. */
async function tellResults(
  client: RunClient,
  batchId: string,
  { view, out }: { readonly view: BatchView; readonly out: string },
): Promise<void> {
  try {
    const written = await writeResults(client.batchResults(batchId), out);
    view.notice(`${count(written.lines, "result")}: ${out}`);
    for (const line of failureLines(written)) view.notice(line);
  } catch (error) {
    if (!isPawlError(error) || error.code !== "FILE_UNUSABLE") throw error;
    throw new PawlError(error.code, `The batch has ended, and ${error.message}`, {
      cause: error,
      next: `write its results elsewhere: pawl attach ${batchId} --out FILE`,
    });
  }
}

/** `pawl show`: the batch as it stands. */
export async function showBatch(
  { stdout }: CliContext,
  client: RunClient,
  batchId: string,
  json: boolean,
): Promise<void> {
  const shown = await client.batch(batchId);
  const lines = shown.status === "running" ? [batchLine(shown)] : summaryOf(shown);
  const text = json ? JSON.stringify(shown) : [batchId, ...lines].join("\n");
  stdout.write(`${text}\n`);
}

interface Watching {
  readonly view: BatchView;
  readonly signal: AbortSignal;
  /** Ends early where the batch does. */
  readonly rest: (ms: number) => Promise<void>;
}

/** Null where the watcher has left. */
async function untilEnded(
  client: RunClient,
  batchId: string,
  { view, signal, rest }: Watching,
): Promise<BatchShown | null> {
  const startedAt = Date.now();
  let troubledSince: number | null = null;
  let lookedForWorkers = false;
  const leaving = new Promise<null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  while (!signal.aborted) {
    const askedAt = Date.now();
    try {
      // Who leaves does not wait for a backend that is away.
      const shown = await Promise.race([client.batch(batchId), leaving]);
      if (shown === null) return null;
      troubledSince = null;
      view.step(shown);
      if (shown.status !== "running") return shown;
      const isSilent = shown.costUsd === 0 && Date.now() - startedAt > WORKER_CHECK_MS;
      if (isSilent && !lookedForWorkers) {
        lookedForWorkers = true;
        await sayWhetherServed(client, view);
      }
    } catch (error) {
      if (!isPawlError(error) || !PASSING.includes(error.code)) throw error;
      if (troubledSince === null) {
        view.notice("The backend does not answer; trying again. The batch itself is safe.");
      }
      troubledSince ??= Date.now();
      if (Date.now() - troubledSince > PATIENCE_MS) throw error;
    }
    // Counting a large batch costs its database something: nobody does so all the time.
    await rest(Math.max(LOOK_EVERY_MS, LOOK_SHARE * (Date.now() - askedAt)));
  }
  return null;
}

/** A batch without a worker waits for ever, and nothing but this would say why. */
async function sayWhetherServed(client: RunClient, view: BatchView): Promise<void> {
  const notice = await unservedNotice(client, "batch");
  if (notice !== null) view.notice(notice);
}

/** Where Temporal has forgotten the batch, or is away for long, looking alone tells of its end. */
function restsUntilClosed(
  client: RunClient,
  batchId: string,
  signal: AbortSignal,
): (ms: number) => Promise<void> {
  const closed = new AbortController();
  const either = AbortSignal.any([signal, closed.signal]);
  const tell = async (): Promise<void> => {
    await client.batchClosed(batchId, signal);
    closed.abort();
  };
  tell().catch(() => {});
  return (ms) => pause(ms, closed.signal.aborted ? signal : either);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Part of the contract, as the exit codes of a run are. */
export function exitCodeOfBatch({ outcome, ended, notStarted }: BatchResult): number {
  if (outcome.kind === "cancelled") return 5;
  if (outcome.kind === "stopped") return 3;
  if (ended.failed + ended.refused + ended.cancelled + notStarted > 0) return 1;
  return ended.stopped > 0 ? 3 : 0;
}
