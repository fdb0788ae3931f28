// The runs of a batch that are under way. A run is a child of the history that began it; of those that
// a fresh history takes over it can't be told, so it looks at the books from time to time.
//
//   I1. An item has one run, whatever dies, is repeated or is reset: its id follows from batch and place.
//   I2. An item counts once, with the outcome that its run came to, also where a run was broken off.

import {
  CancellationScope,
  ChildWorkflowFailure,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  sleep,
  startChild,
  TerminatedFailure,
  TimeoutFailure,
} from "@temporalio/workflow";
import {
  itemRunId,
  withBegun,
  withEnd,
  type BatchInput,
  type BatchItem,
  type BatchState,
} from "../src/domain/batch.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { WORKFLOW_TYPE } from "../src/temporal/names.ts";
import { startOptions } from "../src/temporal/run-start.ts";
import type { agentRun } from "./agent-run.ts";
import { books } from "./bookkeeper.ts";

const LOOK_AGAIN_FIRST_MS = 1000;
const LOOK_AGAIN_MAX_MS = 15_000;

export interface Crew {
  /** What the batch remembers. */
  state(): BatchState;
  underWay(): number;
  /** Those of them that this history has begun, and will be told of. */
  children(): number;
  /** False while Temporal has not confirmed the start of each run. */
  allStarted(): boolean;
  begin(item: BatchItem): void;
}

export function openCrew(input: BatchInput, state: BatchState): Crew {
  return new ItemCrew(input, state);
}

class ItemCrew implements Crew {
  readonly #input: BatchInput;
  #state: BatchState;
  readonly #starting = new Set<number>();
  readonly #underWay: Set<number>;
  readonly #leftOver: Set<number>;
  #isLooking = false;

  constructor(input: BatchInput, state: BatchState) {
    this.#input = input;
    this.#state = state;
    this.#underWay = new Set(state.leftOver);
    this.#leftOver = new Set(state.leftOver);
    this.#lookAfterLeftOver();
    // Runs of this history are told by Temporal; the others only by us.
    const batch = CancellationScope.current();
    batch.cancelRequested.catch(() => this.#cancelLeftOver());
  }

  state(): BatchState {
    return { ...this.#state, leftOver: this.#positions() };
  }

  underWay(): number {
    return this.#underWay.size;
  }

  children(): number {
    return this.#underWay.size - this.#leftOver.size;
  }

  allStarted(): boolean {
    return this.#starting.size === 0;
  }

  #positions(): readonly number[] {
    return [...this.#underWay].toSorted((a, b) => a - b);
  }

  begin(item: BatchItem): void {
    this.#state = withBegun(this.#state, item);
    this.#underWay.add(item.position);
    this.#starting.add(item.position);
    // What it throws is a broken invariant, which fails the workflow task and not the batch.
    void this.#carryOut(item);
  }

  async #carryOut(item: BatchItem): Promise<void> {
    const { position } = item;
    let child: Awaited<ReturnType<typeof started>>;
    try {
      child = await started(item, this.#input.batchId);
    } catch (error) {
      if (isAlreadyStarted(error)) {
        // The batch was reset to a time before this run.
        this.#leftOver.add(position);
        this.#lookAfterLeftOver();
        return;
      }
      if (!isCancellation(error)) throw error;
      this.#underWay.delete(position);
      return;
    } finally {
      this.#starting.delete(position);
    }
    try {
      const { outcome } = await child.result();
      this.#ended(position, outcome);
    } catch (error) {
      if (!(error instanceof ChildWorkflowFailure)) throw error;
      const outcome = brokenOutcome(error);
      const { batchId, digest } = this.#input;
      const { noteBrokenItem } = books("a run was ended from outside");
      await CancellationScope.nonCancellable(() =>
        noteBrokenItem({ batchId, digest, position, outcome }),
      );
      this.#ended(position, outcome);
    }
  }

  #ended(position: number, outcome: Outcome): void {
    if (!this.#underWay.delete(position)) return;
    this.#state = withEnd(this.#state, outcome);
    const { answered, stopped, refused, cancelled, failed } = this.#state.ended;
    setCurrentDetails(
      `${this.#state.begun} of ${this.#input.items} begun · ${answered} answered · ${stopped} stopped · ` +
        `${refused} refused · ${cancelled} cancelled · ${failed} failed`,
    );
  }

  #lookAfterLeftOver(): void {
    if (this.#isLooking || this.#leftOver.size === 0) return;
    this.#isLooking = true;
    // A cancelled batch waits for these as for the others.
    void CancellationScope.nonCancellable(() => this.#lookUntilAllEnded());
  }

  async #lookUntilAllEnded(): Promise<void> {
    const { batchId, digest } = this.#input;
    const { lookAtItems } = books("runs of an earlier history: have they ended?");
    let waitMs = LOOK_AGAIN_FIRST_MS;
    while (this.#leftOver.size > 0) {
      const ends = await lookAtItems({ batchId, digest, positions: [...this.#leftOver] });
      for (const { position, outcome } of ends) {
        this.#leftOver.delete(position);
        this.#ended(position, outcome);
      }
      waitMs = ends.length > 0 ? LOOK_AGAIN_FIRST_MS : Math.min(waitMs * 2, LOOK_AGAIN_MAX_MS);
      if (this.#leftOver.size > 0) await sleep(waitMs, { summary: "runs of an earlier history" });
    }
    this.#isLooking = false;
  }

  #cancelLeftOver(): void {
    for (const position of this.#leftOver) {
      const run = getExternalWorkflowHandle(itemRunId(this.#input.batchId, position));
      // One that has just ended can't be cancelled, and need not be.
      void CancellationScope.nonCancellable(() => run.cancel().catch(() => undefined));
    }
  }
}

function started({ position, digest, input }: BatchItem, batchId: string) {
  const run = { runId: itemRunId(batchId, position), digest, input };
  return startChild<typeof agentRun>(WORKFLOW_TYPE, {
    ...startOptions(run),
    // A fresh history of the batch has other children; a run always closes its own books.
    parentClosePolicy: "ABANDON",
    cancellationType: "WAIT_CANCELLATION_COMPLETED",
  });
}

function brokenOutcome(error: ChildWorkflowFailure): Outcome {
  if (isCancellation(error)) return { kind: "cancelled", message: "the run was cancelled" };
  const { cause } = error;
  const code =
    cause instanceof TerminatedFailure
      ? "TERMINATED"
      : cause instanceof TimeoutFailure
        ? "TIMED_OUT"
        : "FAILED";
  return { kind: "failed", code, message: cause?.message ?? error.message };
}

/** The SDK's class is none that a workflow can import. */
function isAlreadyStarted(error: unknown): boolean {
  return error instanceof Error && error.name === "WorkflowExecutionAlreadyStartedError";
}
