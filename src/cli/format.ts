// Figures as people read them.

import { CATALOGUE, isErrorCode } from "../domain/errors.ts";
import type { Compensation } from "../domain/effect.ts";
import { formatUsd, microUsdOf, usdOf } from "../domain/money.ts";
import type { Outcome, RunResult } from "../domain/outcome.ts";
import { asSentence } from "../domain/sentence.ts";
import { shownLine } from "../domain/shown-text.ts";

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

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `5 min ago`; what is older than a month is better told by its day. */
export function ago(at: string, nowMs: number): string {
  const ms = Math.max(0, nowMs - Date.parse(at));
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  return ms < 31 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days ago` : at.slice(0, 10);
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

/** What a person can do about it; null where there is nothing to say. */
export function adviceOn(outcome: Outcome): string | null {
  const code = codeIn(outcome);
  if (code === null || !isErrorCode(code)) return null;
  const { fate, next } = CATALOGUE[code];
  // The others say what Pawl does about them by itself, which was in vain.
  if (fate !== "fail" && fate !== "park") return null;
  return asSentence(next);
}

function codeIn(outcome: Outcome): string | null {
  if (outcome.kind === "failed") return outcome.code;
  const isSpendLimit = outcome.kind === "stopped" && outcome.limit === "provider_spend";
  return isSpendLimit ? "PROVIDER_SPEND_LIMIT" : null;
}

function toolCallsText({
  toolCalls,
  toolCallsRefused = 0,
}: Pick<RunResult, "toolCalls" | "toolCallsRefused">): string {
  const refused = toolCallsRefused > 0 ? ` (${toolCallsRefused} refused)` : "";
  return `${count(toolCalls + toolCallsRefused, "tool call")}${refused}`;
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
    toolCallsText(result),
    `${usage.inputTokens.toLocaleString("en-US")} tokens in (${cached} % cached)`,
    `${usage.outputTokens.toLocaleString("en-US")} out${usage.estimated === true ? " (estimated)" : ""}`,
    duration(result.durationMs),
  ];
  const tax =
    result.crashTaxUsd > 0
      ? [`crash tax ${usd(result.crashTaxUsd)}, for attempts that were lost`]
      : [];
  return [
    work.join(" · "),
    ...(models.length > 1 ? [`replies of ${models.join(", ")}`] : []),
    result.free === true ? "cost: free" : `cost ${usd(result.costUsd)}${cap}${simulated}`,
    ...tax,
    ...effectLines(result),
    ...(link === null ? [] : [link]),
  ];
}

/** What tools did in a run that came to nothing, and what of it stands. */
export function effectLines({
  compensations = [],
  effectsForgotten = 0,
}: Pick<RunResult, "compensations" | "effectsForgotten">): readonly string[] {
  const gone = compensations.filter(({ undo }) => undo === "undone" || undo === "absent");
  const stands = compensations.filter((effect) => !gone.includes(effect));
  return [
    ...(gone.length > 0 ? [`${count(gone.length, "effect")} of tools undone`] : []),
    ...stands.map(standsText),
    ...(effectsForgotten > 0 ? [`${count(effectsForgotten, "older effect")} of tools stand`] : []),
  ];
}

function standsText({ tool, callId, undo, isUnsure, message = "" }: Compensation): string {
  const what = `${shownLine(tool)} (call ${shownLine(callId)})`;
  const stands = isUnsure === true ? "may stand" : "stands";
  switch (undo) {
    case "failed":
      return `${what} ${stands}: it could not be undone: ${shownLine(message)}`;
    case "impossible":
      return `${what} ${stands}: the tool can't undo it`;
    default:
      return `${what} ${stands}: nobody has undone it`;
  }
}
