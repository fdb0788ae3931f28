// The last act of every run: no hold stays open, and the ledger says what was spent.

import type { CloseRunInput, CloseRunResult, RecordDraft } from "../src/domain/run.ts";
import { withCosts } from "../src/domain/run-state.ts";
import { isPawlError } from "../src/domain/errors.ts";
import type { RunRecord } from "../src/store/run-records.ts";
import type { TelemetryEvent } from "../src/telemetry/event.ts";
import { failure, thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

export function createCloseRun({ ledger, records, telemetry }: ActivityDeps) {
  return async function closeRun(input: CloseRunInput): Promise<CloseRunResult> {
    const { runId } = thisAttempt();
    try {
      const costs = await ledger.closeRun(runId);
      const { spentMicroUsd, crashTaxMicroUsd, modelAttempts } = costs;
      if (input.record !== undefined) {
        await records.put(recordOf(runId, input, input.record, costs));
      }
      telemetry.emit(endOf(runId, input, costs));
      return { spentMicroUsd, crashTaxMicroUsd, modelAttempts };
    } catch (error) {
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    }
  };
}

function recordOf(
  runId: string,
  { tenant, agent, session, durationMs }: CloseRunInput,
  { result, startedAtMs, ...draft }: RecordDraft,
  costs: CloseRunResult,
): RunRecord {
  return {
    ...draft,
    runId,
    tenant,
    agent,
    session,
    result: withCosts(result, costs),
    costMicroUsd: costs.spentMicroUsd,
    startedAtMs,
    endedAtMs: startedAtMs + durationMs,
  };
}

function endOf(runId: string, input: CloseRunInput, costs: CloseRunResult): TelemetryEvent {
  const { outcome, traceId, tenant, session, agent, turns, toolCalls, durationMs } = input;
  const { spentMicroUsd: costMicroUsd, crashTaxMicroUsd, modelAttempts } = costs;
  const ended = {
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
    costMicroUsd,
    crashTaxMicroUsd,
    modelAttempts,
    latencyMs: durationMs,
  };
  const byBudget = outcome.kind === "stopped" && outcome.limit !== "wall_clock";
  return byBudget ? { event: "budget_exceeded", ...ended } : { event: "run_end", ...ended };
}
