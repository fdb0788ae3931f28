// Caps that ran past 80 %: each is warned of once, logged with the next call, and told to the model.

import { warningsDue, type Warning } from "../limits.ts";
import { limitsNow, used } from "./counts.ts";
import type { RunFact } from "./facts.ts";
import { isHandedOn } from "./handed-on.ts";
import type { Memory, RunState, Warnings } from "./state.ts";
import { endsInNote } from "./talk.ts";

export function foldWarnings(
  warnings: Warnings,
  fact: RunFact,
  { phase, memory }: RunState,
): Warnings {
  if (fact.kind === "asked") return logged(warnings, fact.call.warnings);
  if (fact.kind !== "replied" || memory === null) return warnings;
  if (phase.kind !== "asking" && phase.kind !== "inLane") return warnings;
  const { call } = phase;
  const isTold = endsInNote(call.entries) && !isHandedOn(memory, call, fact);
  return withShared(isTold ? warnings.map(told) : warnings, fact.nearCaps);
}

function logged(warnings: Warnings, news: readonly Warning[]): Warnings {
  const rest = warnings.filter(
    ({ warning, stage }) => stage !== "due" || !news.some(({ limit }) => limit === warning.limit),
  );
  const fresh = news.filter(({ limit }) => !rest.some(({ warning }) => warning.limit === limit));
  return [...rest, ...fresh.map((warning) => ({ warning, stage: "untold" as const }))];
}

function told({ warning, stage }: Warnings[number]): Warnings[number] {
  return { warning, stage: stage === "untold" ? "told" : stage };
}

/** What the newest reply brought word of counts; what an older one did may be out of date. */
function withShared(warnings: Warnings, nearCaps: readonly Warning[]): Warnings {
  const known = warnings.filter(({ stage }) => stage !== "due");
  const news = nearCaps.filter(
    ({ limit }) => !known.some(({ warning }) => warning.limit === limit),
  );
  return [...known, ...news.map((warning) => ({ warning, stage: "due" as const }))];
}

/** To be logged with the next call. */
export function dueWarnings(memory: Memory): readonly Warning[] {
  const { warnings } = memory;
  const shared = warnings.filter(({ stage }) => stage === "due").map(({ warning }) => warning);
  const known = warnings.filter(({ stage }) => stage !== "due").map(({ warning }) => warning.limit);
  return warningsDue(limitsNow(memory), used(memory), shared, known);
}

/** To be told to the model, those that the next call logs among them. */
export function untoldWarnings(memory: Memory): readonly Warning[] {
  const untold = memory.warnings.filter(({ stage }) => stage === "untold");
  return [...untold.map(({ warning }) => warning), ...dueWarnings(memory)];
}
