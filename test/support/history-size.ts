// How large a run's history is, turn by turn: what decides how far a run gets.

import { defaultPayloadConverter } from "@temporalio/common";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import proto from "@temporalio/proto";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import type { Reply } from "../../src/domain/call.ts";

const { HistoryEvent: Wire } = proto.temporal.api.history.v1;

export interface TurnSize {
  readonly events: number;
  readonly bytes: number;
}

export interface HistorySize {
  readonly events: number;
  readonly bytes: number;
  /** From one question to the model up to the next. */
  readonly turns: readonly TurnSize[];
}

export function eventsOf(exported: unknown): readonly HistoryEvent[] {
  return historyFromJSON(exported).events ?? [];
}

/** Why workflow tasks failed: `WORKFLOW_TASK_FAILED_CAUSE_…`, and what the worker said. */
export function failedTasksOf(exported: unknown): readonly string[] {
  interface Wire {
    workflowTaskFailedEventAttributes?: { cause: string; failure?: { message?: string } };
  }
  return (exported as { events: Wire[] }).events.flatMap(
    ({ workflowTaskFailedEventAttributes: failed }) =>
      failed === undefined ? [] : [`${failed.cause}: ${failed.failure?.message ?? ""}`],
  );
}

export function sizeOf(exported: unknown): HistorySize {
  const turns: { events: number; bytes: number }[] = [];
  const total = { events: 0, bytes: 0 };
  for (const event of eventsOf(exported)) {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name === "callModel") turns.push({ events: 0, bytes: 0 });
    const bytes = Wire.encode(event).finish().byteLength;
    for (const sum of [total, turns.at(-1)]) {
      if (sum === undefined) continue;
      sum.events += 1;
      sum.bytes += bytes;
    }
  }
  return { ...total, turns };
}

/** The transcript's head after each reply. */
export function headsOf(exported: unknown): readonly string[] {
  const results = eventsOf(exported).map(
    (event) => event.activityTaskCompletedEventAttributes?.result?.payloads?.[0],
  );
  return results.flatMap((payload) => {
    if (!payload) return [];
    const result = defaultPayloadConverter.fromPayload<Partial<Reply> | undefined>(payload);
    return result?.kind === "replied" && result.head !== undefined ? [result.head] : [];
  });
}

export function headOf(exported: unknown): string {
  const last = headsOf(exported).at(-1);
  if (last === undefined) throw new Error("there is no reply in this history");
  return last;
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
