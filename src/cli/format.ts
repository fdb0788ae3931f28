// Figures as people read them.

import { formatUsd, microUsdOf, usdOf } from "../domain/money.ts";
import type { Outcome, RunResult } from "../domain/outcome.ts";

export function usd(dollars: number): string {
  return dollars === 0 ? "$0" : formatUsd(microUsdOf(dollars));
}

/** All six digits: what is billed by the micro-dollar can be compared by it. */
export function exactUsd(microUsd: number): string {
  const sign = microUsd < 0 ? "-" : "";
  return `${sign}$${usdOf(Math.abs(microUsd)).toFixed(6)}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function count(n: number, word: string): string {
  return `${n.toLocaleString("en-US")} ${word}${n === 1 ? "" : "s"}`;
}

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "answered":
      return "answered";
    case "stopped":
      return `stopped by a limit (${outcome.limit}): ${outcome.message}`;
    case "refused":
      return `refused${outcome.category === undefined ? "" : ` (${outcome.category})`}: ${outcome.message}`;
    case "cancelled":
      return `cancelled: ${outcome.message}`;
    case "failed":
      return `failed (${outcome.code}): ${outcome.message}`;
  }
}

export interface SummaryFacts {
  readonly capUsd: number | null;
  readonly link: string | null;
}

/** The last lines of a run: what it did, and what it cost. */
export function summaryLines(
  result: Omit<RunResult, "outcome">,
  { capUsd, link }: SummaryFacts,
): readonly string[] {
  const { usage } = result;
  const cached =
    usage.inputTokens === 0 ? 0 : Math.round((usage.cacheReadTokens / usage.inputTokens) * 100);
  const cap = capUsd === null ? "" : ` of ${usd(capUsd)}`;
  const simulated = result.offline ? " (offline model: costs are simulated)" : "";
  const lost = result.modelAttempts > result.modelCalls;
  const attempts = lost ? ` (${count(result.modelAttempts, "attempt")})` : "";
  const models = Object.entries(result.models).map(([model, calls]) => `${model} ×${calls}`);
  const work = [
    `${count(result.modelCalls, "model call")}${attempts}`,
    count(result.toolCalls, "tool call"),
    `${usage.inputTokens.toLocaleString("en-US")} tokens in (${cached} % cached)`,
    `${usage.outputTokens.toLocaleString("en-US")} out`,
    duration(result.durationMs),
  ];
  const tax =
    result.crashTaxUsd > 0
      ? [`crash tax ${usd(result.crashTaxUsd)}, for attempts that were lost`]
      : [];
  return [
    work.join(" · "),
    ...(models.length > 1 ? [`replies of ${models.join(", ")}`] : []),
    `cost ${usd(result.costUsd)}${cap}${simulated}`,
    ...tax,
    ...(link === null ? [] : [link]),
  ];
}
