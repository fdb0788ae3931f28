// How a run comes to its end: by the clock, by an error, and always through the ledger, which
// resolves what is still held and has the last word on what was spent (R6).

import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  isCancellation,
  proxyActivities,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import type { Outcome, RunResult } from "../src/domain/outcome.ts";
import type { CloseRunResult, RunInput } from "../src/domain/run.ts";
import { resultOf, withCosts, type RunState } from "../src/domain/run-state.ts";
import { bookkeeping } from "./activity-options.ts";
import { codeOf } from "./transcript.ts";

const { closeRun: close } = proxyActivities<Activities>({
  ...bookkeeping,
  summary: "resolve holds, read the totals",
});

/** Runs `work` until it ends or the wall clock of the run is over, whichever comes first. */
export async function withinWallClock(
  state: RunState,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { wallClockMs } = state.snapshot.limits;
  if (wallClockMs === null) return await work();
  const scope = new CancellationScope();
  const alarm = new CancellationScope();
  let timeIsUp = false;
  const ringing = alarm.run(async () => {
    await sleep(Math.max(1, state.startedAtMs + wallClockMs - Date.now()), {
      summary: "wall clock of the run",
    });
    timeIsUp = true;
    scope.cancel();
  });
  // A cancelled alarm is the normal end of it.
  ringing.catch(() => undefined);
  try {
    return await scope.run(work);
  } catch (error) {
    if (!timeIsUp || !isEndOfWork(error)) throw error;
    return {
      kind: "stopped",
      limit: "wall_clock",
      message: `the run took longer than ${wallClockMs} ms`,
    };
  } finally {
    alarm.cancel();
  }
}

/** What had been under way when its scope was cancelled may end in any way; none of them counts. */
export function isEndOfWork(error: unknown): boolean {
  return isCancellation(error) || error instanceof ActivityFailure;
}

/** A step that was under way when the run was cancelled may still have come to a good end. */
export function throwIfCancelled(): void {
  if (isCancelled()) throw new CancelledFailure("the run was cancelled");
}

export function isCancelled(): boolean {
  return CancellationScope.current().consideredCancelled;
}

/** Rethrows what is no end of a run: the move to a fresh history, and broken invariants of ours. */
export function endOf(error: unknown): Outcome {
  if (error instanceof ContinueAsNew) throw error;
  if (isCancellation(error) || (isCancelled() && isEndOfWork(error)))
    return { kind: "cancelled", message: "the run was cancelled" };
  if (!(error instanceof ActivityFailure)) throw error;
  const message = error.cause?.message ?? error.message;
  const code = codeOf(error);
  if (code === "PROVIDER_SPEND_LIMIT") return { kind: "stopped", limit: "provider_spend", message };
  return { kind: "failed", code: code ?? "ATTEMPTS_EXHAUSTED", message };
}

interface Ending {
  readonly input: RunInput;
  readonly state: RunState | null;
  readonly outcome: Outcome;
  readonly startedAtMs: number;
}

export async function closeRun({ input, state, outcome, startedAtMs }: Ending): Promise<RunResult> {
  const { workflowId, memo } = workflowInfo();
  const durationMs = Date.now() - startedAtMs;
  const who = { runId: workflowId, traceId: input.traceId };
  const draft = resultOf(who, state, { outcome, ledger: UNKNOWN, durationMs });
  const ledger = await close({
    tenant: input.tenant,
    session: input.session,
    agent: input.agent,
    traceId: input.traceId,
    outcome,
    turns: state?.turn ?? 0,
    toolCalls: state?.toolCalls ?? 0,
    durationMs,
    record: {
      task: input.task,
      taskDigest: typeof memo?.["taskDigest"] === "string" ? memo["taskDigest"] : null,
      model: state?.snapshot.model ?? null,
      offline: state?.snapshot.offline ?? false,
      capMicroUsd: state?.costCapMicroUsd ?? null,
      startedAtMs,
      result: draft,
    },
  });
  return withCosts(draft, ledger);
}

const UNKNOWN: CloseRunResult = { spentMicroUsd: 0, crashTaxMicroUsd: 0, modelAttempts: 0 };
