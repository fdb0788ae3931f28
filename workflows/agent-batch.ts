// A batch, from its first item to its result: each item becomes a run of its own, a number of them at
// once, all of them on one cap. The items lie in the store; this history holds places and counts.
//
// Invariants; each number is also the name of a test.
//   I3. Never more runs under way than the order allows.
//   I4. Once an item could not be paid from a cap that all share, none is begun any more; those that
//       are under way come to their own ends.
//   I5. A batch moves to a fresh history with runs under way, and ends when the last of them has ended.

import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from "@temporalio/workflow";
import {
  endedCount,
  openingBatch,
  type BatchInput,
  type BatchItem,
  type BatchOutcome,
  type BatchResult,
  type BatchState,
} from "../src/domain/batch.ts";
import { batchFrom } from "../src/domain/parse-batch.ts";
import { openCrew, type Crew } from "./batch-crew.ts";
import { books } from "./bookkeeper.ts";
import { invalidInput, usableInput } from "./input.ts";

/** Runs that end within it are heard at once; of the others a fresh history hears by looking. */
const DRAIN_MS = 10_000;

interface Batch {
  readonly input: BatchInput;
  readonly crew: Crew;
}

export async function agentBatch(given: unknown): Promise<BatchResult> {
  const input = usableInput(given, batchFrom);
  const whole = CancellationScope.current();
  const state = input.resumed ?? (await CancellationScope.nonCancellable(() => opened(input)));
  const batch: Batch = { input, crew: openCrew(input, state) };
  try {
    await workThrough(batch);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  // Runs that were cancelled with the batch bring home what they have.
  return await CancellationScope.nonCancellable(async () => {
    await condition(() => batch.crew.underWay() === 0);
    return await closed(batch, whole.consideredCancelled);
  });
}

async function opened(input: BatchInput): Promise<BatchState> {
  const startedAtMs = workflowInfo().startTime.getTime();
  return openingBatch(
    await books("open the batch").openBatch({ ...input, startedAtMs }),
    startedAtMs,
  );
}

/** Item after item, until all have ended or no more can be begun. */
async function workThrough(batch: Batch): Promise<void> {
  const { input, crew } = batch;
  const { batchId, digest } = input;
  const mayBegin = (): boolean => hasMore(batch) && crew.underWay() < input.concurrency;
  let page: readonly BatchItem[] = [];
  while (!isOver(batch)) {
    throwIfCancelled();
    if (isHistoryLong(crew.state())) {
      await moveToFreshHistory(batch);
    } else if (!mayBegin()) {
      await condition(() => mayBegin() || isOver(batch) || isHistoryLong(crew.state()));
    } else if (page.length === 0) {
      const { begun } = crew.state();
      page = await books("the next items").loadItems({ batchId, digest, after: begun });
      if (page.length === 0) throw invalidInput(`${batchId} has no item behind ${begun}`);
    } else {
      const [item, ...rest] = page;
      page = rest;
      if (item === undefined) continue;
      crew.begin(item);
    }
  }
}

function hasMore({ input, crew }: Batch): boolean {
  const { stop, begun } = crew.state();
  return stop === null && begun < input.items;
}

function isOver(batch: Batch): boolean {
  return batch.crew.underWay() === 0 && !hasMore(batch);
}

function isHistoryLong({ marks }: BatchState): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= marks.events || historySize >= marks.bytes;
}

async function moveToFreshHistory(batch: Batch): Promise<void> {
  const { input, crew } = batch;
  await condition(() => crew.children() === 0, DRAIN_MS);
  // One that is abandoned before its start is confirmed may never start.
  await condition(() => crew.allStarted());
  throwIfCancelled();
  if (isOver(batch)) return;
  await continueAsNew<typeof agentBatch>({ ...input, resumed: crew.state() });
}

async function closed({ input, crew }: Batch, isCancelled: boolean): Promise<BatchResult> {
  const state = crew.state();
  const { batchId, items } = input;
  return await books("close the batch, read what it cost").closeBatch({
    batchId,
    outcome: outcomeOf(state, isCancelled),
    items,
    ended: state.ended,
    notStarted: items - endedCount(state.ended),
    durationMs: Date.now() - state.startedAtMs,
  });
}

function outcomeOf({ stop }: BatchState, isCancelled: boolean): BatchOutcome {
  if (isCancelled) return { kind: "cancelled", message: "the batch was cancelled" };
  return stop === null ? { kind: "finished" } : { kind: "stopped", ...stop };
}

function throwIfCancelled(): void {
  if (CancellationScope.current().consideredCancelled) {
    throw new CancelledFailure("the batch was cancelled");
  }
}
