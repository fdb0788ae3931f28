// The last act of every run: no hold stays open, and the ledger says what was spent.

import type { CloseRunInput, RecordDraft } from "../src/domain/run/books.ts";
import type { LedgerTotals } from "../src/domain/outcome.ts";
import { withLedger } from "../src/domain/run/result.ts";
import type { RunRecord } from "../src/store/run-records.ts";
import type { TelemetryEvent } from "../src/telemetry/event.ts";
import { asFailures, thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

export function createCloseRun({ ledger, records, telemetry }: ActivityDeps) {
  return async function closeRun(input: CloseRunInput): Promise<LedgerTotals> {
    const { runId } = thisAttempt();
    return await asFailures(async () => {
      const totals = await ledger.closeRun(runId);
      const { crashTaxMicroUsd, modelAttempts } = totals;
      const spentMicroUsd = totals.spentMicroUsd + totals.fearedMicroUsd;
      const costs = { spentMicroUsd, crashTaxMicroUsd, modelAttempts };
      await records.put(recordOf(runId, input, input.record, costs));
      telemetry.emit(endOf(runId, input, costs));
      return costs;
    });
  };
}

function recordOf(
  runId: string,
  { tenant, agent, session, durationMs }: CloseRunInput,
  { result, startedAtMs, ...draft }: RecordDraft,
  costs: LedgerTotals,
): RunRecord {
  return {
    ...draft,
    runId,
    tenant,
    agent,
    session,
    result: withLedger(result, costs),
    costMicroUsd: costs.spentMicroUsd,
    startedAtMs,
    endedAtMs: startedAtMs + durationMs,
  };
}

function endOf(runId: string, input: CloseRunInput, costs: LedgerTotals): TelemetryEvent {
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
