// A run that Temporal has forgotten, told from its record: how it began and how it ended, and nothing
// of what lay between.

import { PawlError } from "../domain/errors.ts";
import { OFFLINE_MODEL } from "../domain/provider.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { usdOf } from "../domain/money.ts";
import type { RunRecord, RunRecords } from "../store/run-records.ts";
import { shortTask } from "../temporal/run-start.ts";
import { compareEventIds, formatEventId, parseEventId, type EventId } from "./event-id.ts";
import type { RunShown } from "./read-run.ts";
import type { RunBrief } from "./run-brief.ts";

/** Asks Temporal, and the record where Temporal knows of no such run. */
export async function orRecorded<T>(
  records: RunRecords | null,
  runId: string,
  asked: { readonly live: () => Promise<T>; readonly recorded: (record: RunRecord) => T },
): Promise<T> {
  try {
    return await asked.live();
  } catch (error) {
    const record = await recordInstead(records, runId, error);
    return asked.recorded(record);
  }
}

/** Throws what was thrown where there is no record either, or where the run was not what is missing. */
export async function recordInstead(
  records: RunRecords | null,
  runId: string,
  error: unknown,
): Promise<RunRecord> {
  const isForgotten = error instanceof PawlError && error.code === "RUN_NOT_FOUND";
  if (!isForgotten || records === null) throw error;
  const record = await records.get(runId);
  if (record === null) throw error;
  return record;
}

export function shownOf(record: RunRecord): Extract<RunShown, { kind: "ended" }> {
  const { task, agent, tenant, session, model, capMicroUsd, result } = record;
  const capUsd = usdOf(capMicroUsd);
  // Which real address it was is not kept. Temporal's Web UI has nothing to show any more.
  const provider = result.offline ? OFFLINE_MODEL : null;
  const unknown = { routing: null, provider, permission: null, link: null };
  const about = { task, agent, tenant, session, model, capUsd, ...unknown };
  return { kind: "ended", about, result, did: false };
}

export function recordedBrief(record: RunRecord): RunBrief {
  const { runId, tenant, agent, session, task, result, startedAtMs, endedAtMs } = record;
  return {
    runId,
    tenant,
    agent,
    session,
    status: "ended",
    outcome: result.outcome.kind,
    task: shortTask(task),
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    approvals: [],
    questions: [],
  };
}

const BEGINNING: EventId = { execution: 0, historyEventId: 1, attempt: 0, offset: 0 };
/** Behind every event that the history can have had. */
const END: EventId = { execution: 999_999_999, historyEventId: 1, attempt: 0, offset: 0 };

export function recordedEvents(record: RunRecord, after: string | undefined): readonly RunEvent[] {
  const { runId, task, agent, tenant, session, result, startedAtMs, endedAtMs } = record;
  const { traceId } = result;
  const seen = after === undefined ? null : parseEventId(after);
  const events: readonly RunEvent[] = [
    {
      ...{ type: "run.started", id: formatEventId(BEGINNING), runId },
      ts: new Date(startedAtMs).toISOString(),
      ...{ task, agent, tenant, session, traceId, link: null },
    },
    {
      ...{ type: "run.ended", id: formatEventId(END), runId },
      ts: new Date(endedAtMs).toISOString(),
      result,
    },
  ];
  return events.filter(({ id }) => seen === null || compareEventIds(parseEventId(id), seen) > 0);
}
