// Models end, on a day that their provider names in advance. The price table has the day and who serves
// instead; whoever has a clock asks here, and workflow code never does.

import type { ModelEnd, ModelSpec } from "./prices.ts";
import { modelSpec, type ModelTable } from "./model-table.ts";

/** Long enough to try another model in earnest. */
const WARNED_DAYS_BEFORE = 60;
const DAY_MS = 86_400_000;

/** Null while the provider serves the model; `day` is `YYYY-MM-DD…`, UTC. */
export function endBefore({ end }: ModelSpec, day: string): ModelEnd | null {
  return end !== undefined && end.lastDay < day.slice(0, 10) ? end : null;
}

export function endedText(model: string, { lastDay, instead }: ModelEnd): string {
  return `${model} is served no more: its last day was ${lastDay}. Take ${instead} instead.`;
}

export interface EndingModel extends ModelEnd {
  readonly model: string;
  /** Below 0 where it has ended. */
  readonly daysLeft: number;
}

/** Those of the names that have ended, or will within weeks. What is no model's name is somebody else's to tell. */
export function endingModels(
  table: ModelTable,
  names: readonly string[],
  day: string,
): readonly EndingModel[] {
  return [...new Set(names)].flatMap((model) => {
    const end = modelSpec(table, model)?.end;
    if (end === undefined) return [];
    const daysLeft = Math.round((Date.parse(end.lastDay) - Date.parse(day.slice(0, 10))) / DAY_MS);
    return daysLeft > WARNED_DAYS_BEFORE ? [] : [{ model, ...end, daysLeft }];
  });
}

export function endingText({ model, daysLeft, ...end }: EndingModel): string {
  if (daysLeft < 0) return endedText(model, end);
  const when = daysLeft === 1 ? "in 1 day" : `in ${daysLeft} days`;
  return `${model} ends on ${end.lastDay}, ${daysLeft === 0 ? "today" : when}. Take ${end.instead} instead.`;
}
