// The last act of every run: no hold stays open, and the ledger says what was spent.

import type { CloseRunInput, CloseRunResult } from "../src/domain/run.ts";
import { isPawlError } from "../src/domain/errors.ts";
import { failure, thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

export function createCloseRun({ ledger, log }: ActivityDeps) {
  return async function closeRun(input: CloseRunInput): Promise<CloseRunResult> {
    const { runId } = thisAttempt();
    try {
      const { spentMicroUsd, crashTaxMicroUsd, modelAttempts } = await ledger.closeRun(runId);
      const { outcome, tenant, session, agent, traceId, turns, toolCalls, durationMs } = input;
      log.info(
        {
          event: stoppedByBudget(input) ? "budget_exceeded" : "run_end",
          runId,
          traceId,
          tenant,
          session,
          agent,
          outcome: outcome.kind,
          ...("limit" in outcome ? { limit: outcome.limit } : {}),
          ...("code" in outcome ? { code: outcome.code } : {}),
          turns,
          toolCalls,
          costMicroUsd: spentMicroUsd,
          crashTaxMicroUsd,
          modelAttempts,
          latency_ms: durationMs,
        },
        "the run ended",
      );
      return { spentMicroUsd, crashTaxMicroUsd, modelAttempts };
    } catch (error) {
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    }
  };
}

function stoppedByBudget({ outcome }: CloseRunInput): boolean {
  return outcome.kind === "stopped" && outcome.limit !== "wall_clock";
}
