// What a run returns, and what it has so far: read from its state, by the workflow and by the client.

import { formatUsd, usdOf } from "../money.ts";
import type { LedgerTotals, Outcome, RunResult } from "../outcome.ts";
import { NO_USAGE, promptTokens, totalTokens } from "../usage.ts";
import { modelCallsOf } from "./counts.ts";
import { compensationsIn } from "./effects.ts";
import { flagsOf } from "./flagged.ts";
import type { RunState } from "./state.ts";

interface RunIdentity {
  readonly runId: string;
  readonly traceId: string;
}

export interface Ended {
  readonly outcome: Outcome;
  /** Null where the ledger has not spoken: then the run's own count stands. */
  readonly ledger: LedgerTotals | null;
  readonly durationMs: number;
}

export function resultOf(
  { runId, traceId }: RunIdentity,
  state: RunState,
  { outcome, ledger, durationMs }: Ended,
): RunResult {
  const { memory } = state;
  const flagged = flagsOf(state);
  const usage = memory?.counts.usage ?? NO_USAGE;
  const said = saidIn(memory, outcome);
  const modelCalls = memory === null ? 0 : modelCallsOf(memory.counts);
  const totals = ledger ?? totalsIn(memory);
  return {
    type: "result",
    runId,
    traceId,
    outcome: ledger === null ? outcome : withSetAside(outcome, modelCalls, totals),
    answer: said,
    partial: outcome.kind !== "answered" && said !== null,
    usage: {
      inputTokens: promptTokens(usage),
      outputTokens: usage.outputTokens,
      cacheReadTokens: usage.cacheReadTokens,
      cacheWriteTokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
      totalTokens: totalTokens(usage),
      ...(isEstimated(memory) && { estimated: true }),
    },
    ...costsIn(totals),
    modelCalls,
    serverToolCalls: usage.webSearchRequests,
    ...countsIn(memory),
    durationMs,
    offline: isSimulated(memory),
    ...(isFree(memory, totals) && { free: true as const }),
    ...(flagged.length > 0 && { flagged }),
    ...compensationsIn(memory, outcome),
  };
}

function countsIn(
  memory: Memory,
): Pick<RunResult, "toolCalls" | "toolCallsRefused" | "turns" | "models"> {
  if (memory === null) return { toolCalls: 0, turns: 0, models: {} };
  const { counts, talk } = memory;
  return {
    toolCalls: counts.toolCalls,
    ...(talk.refusedCalls > 0 && { toolCallsRefused: talk.refusedCalls }),
    turns: counts.turn,
    models: counts.models,
  };
}

function isFree(memory: Memory, { spentMicroUsd }: LedgerTotals): boolean {
  if (memory === null || memory.counts.freeReplies === 0) return false;
  return spentMicroUsd === 0 && memory.counts.freeReplies === modelCallsOf(memory.counts);
}

/** True once any reply was the offline model's: then the run is no work of a real one, whatever else it has. */
export function isSimulated(memory: Memory): boolean {
  if (memory === null) return false;
  return memory.snapshot.provider.isOffline || memory.counts.offlineReplies > 0;
}

export function withLedger<Result extends Partial<RunResult>>(
  result: Result,
  ledger: LedgerTotals,
): Result {
  const { outcome, modelCalls = 0 } = result;
  const told = outcome === undefined ? {} : { outcome: withSetAside(outcome, modelCalls, ledger) };
  return { ...result, ...told, ...costsIn(ledger) };
}

/** Of a run that a provider failed: that nothing came of it, and what may be billed for it all the same. */
function withSetAside(
  outcome: Outcome,
  modelCalls: number,
  { crashTaxMicroUsd, modelAttempts }: LedgerTotals,
): Outcome {
  const isInVain = outcome.kind === "failed" && outcome.code.startsWith("PROVIDER_");
  if (!isInVain || modelCalls > 0 || crashTaxMicroUsd === 0) return outcome;
  const attempts = `${modelAttempts} lost attempt${modelAttempts === 1 ? "" : "s"}`;
  const aside = `nothing was received; ${formatUsd(crashTaxMicroUsd)} is set aside for ${attempts}`;
  return { ...outcome, message: `${outcome.message}; ${aside}` };
}

type Memory = RunState["memory"];

function isEstimated(memory: Memory): boolean {
  return memory !== null && memory.counts.estimated.length > 0;
}

/** What tools found is no answer to a task that was refused; what the model said before is. */
function saidIn(memory: Memory, outcome: Outcome): string | null {
  if (memory === null) return null;
  const { answer, findings } = memory.talk;
  return outcome.kind === "refused" ? answer : (answer ?? findings);
}

function totalsIn(memory: Memory): LedgerTotals {
  if (memory === null) return { spentMicroUsd: 0, crashTaxMicroUsd: 0, modelAttempts: 0 };
  const { spentMicroUsd, crashTaxMicroUsd, attempts } = memory.counts;
  return { spentMicroUsd, crashTaxMicroUsd, modelAttempts: attempts };
}

function costsIn({
  spentMicroUsd,
  crashTaxMicroUsd,
  modelAttempts,
}: LedgerTotals): Pick<RunResult, "costUsd" | "crashTaxUsd" | "modelAttempts"> {
  return {
    costUsd: usdOf(spentMicroUsd),
    crashTaxUsd: usdOf(crashTaxMicroUsd),
    modelAttempts,
  };
}
