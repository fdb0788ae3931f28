// What Temporal's Web UI and the list of runs show of a run. Search attributes cost an event each,
// so figures are written every few turns; the details cost nothing and are written every turn.

import { setCurrentDetails, upsertSearchAttributes } from "@temporalio/workflow";
import type { SearchAttributePair } from "@temporalio/common";
import type { RunStatus } from "../src/domain/outcome.ts";
import { formatUsd } from "../src/domain/money.ts";
import { limitsNow, used, type RunState } from "../src/domain/run-state.ts";
import { COLUMNS } from "../src/temporal/columns.ts";

const FIGURES_EVERY_TURNS = 10;

/** Of what the server takes (200 bytes) the longest text in any script. */
const SUMMARY_CHARS = 64;

/** One line beside an activity or timer in the Web UI. */
export function summaryOf(...parts: readonly string[]): string {
  return parts.join(" · ").slice(0, SUMMARY_CHARS).toWellFormed();
}

export function showProgress(state: RunState): void {
  setCurrentDetails(details(state));
  if (state.turn % FIGURES_EVERY_TURNS === 0) upsertSearchAttributes(figures(state));
}

/** With the figures of the moment: a run that waits may be looked at for days. */
export function showStatus(status: Exclude<RunStatus, "ended">, state: RunState): void {
  upsertSearchAttributes([{ key: COLUMNS.status, value: status }, ...figures(state)]);
}

export function showEnd(outcome: string, costUsd: number, turns: number): void {
  upsertSearchAttributes([
    { key: COLUMNS.status, value: "ended" },
    { key: COLUMNS.outcome, value: outcome },
    { key: COLUMNS.costUsd, value: costUsd },
    { key: COLUMNS.turns, value: turns },
  ]);
}

function figures(state: RunState): SearchAttributePair[] {
  return [
    { key: COLUMNS.costUsd, value: state.spentMicroUsd / 1_000_000 },
    { key: COLUMNS.turns, value: state.turn },
  ];
}

function details(state: RunState): string {
  const limits = limitsNow(state);
  const now = used(state);
  const rows = [
    ["spent", formatUsd(now.costMicroUsd), formatUsd(limits.costMicroUsd)],
    ["of it for lost attempts", formatUsd(state.crashTaxMicroUsd), ""],
    ["tokens", String(now.tokens), String(limits.tokens)],
    ["model calls", String(now.modelCalls), String(limits.modelCalls)],
    ["tool calls", String(now.toolCalls), String(limits.toolCalls)],
  ];
  const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const said = state.answer === null ? "" : `\n\nLast said: ${state.answer.slice(0, 500)}`;
  const simulated = state.snapshot.offline ? " · offline model, costs simulated" : "";
  return `Turn ${state.turn} · ${state.course?.model ?? state.snapshot.model}${simulated}\n\n| | used | of |\n|---|---|---|\n${table}${said}`;
}
