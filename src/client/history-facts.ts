// From Temporal's history events to the facts of a run, the very same that its workflow recorded. One reader
// per history, because an end of an activity names only its beginning. What is told beside the facts (which
// activity, how long a tool took) is for those who watch, and nothing is folded from it.

import type { LoadedDataConverter } from "@temporalio/common";
import { tsToMs } from "@temporalio/common/lib/time.js";
import type { temporal } from "@temporalio/proto";
import { rulingOf, SILENCE, type Approvals, type Decision } from "../domain/approval.ts";
import type { CallResult, Look, LookResult, ModelCall } from "../domain/call.ts";
import type { LedgerTotals, RunResult } from "../domain/outcome.ts";
import type { CloseRunInput } from "../domain/run/books.ts";
import type { RunInput } from "../domain/run/carried.ts";
import { FOUND_CHARS, type RunFact } from "../domain/run/facts.ts";
import type { UserMessage } from "../domain/run/order.ts";
import type { Opened } from "../domain/run/snapshot.ts";
import type { Wait } from "../domain/run/state.ts";
import type { RunToolInput, RunToolResult } from "../domain/tool-call.ts";
import {
  decodeFirst,
  decodeOne,
  type HistoryEvent,
  type Payload,
  type Payloads,
} from "../temporal/payloads.ts";
import { ALARM_SUMMARY, DECIDE_UPDATE, MEMOS, SIGNALS } from "../temporal/names.ts";
import { brokenOff, failureOf, outcomeOfActivity, type BrokenOff } from "./history-failures.ts";

/** What a history says besides: how it began, and how it ended. */
export type Frame =
  | { readonly kind: "started"; readonly input: RunInput }
  | { readonly kind: "movedOn"; readonly nextExecutionId: string }
  | { readonly kind: "ended"; readonly result: RunResult }
  | BrokenOff;

export interface Told<Fact extends RunFact | Frame = RunFact | Frame> {
  readonly fact: Fact;
  readonly eventId: number;
  readonly atMs: number;
  /** Of a call or a tool that was scheduled. */
  readonly activityId?: string;
  readonly toolInput?: RunToolInput;
  readonly toolResult?: RunToolResult;
}

type ToldOfEvent = Omit<Told, "eventId" | "atMs">;

export interface FactReader {
  /** Empty where the event says nothing about the run. Events must come in order. */
  read(event: HistoryEvent): Promise<readonly Told[]>;
}

export function createFactReader(converter: LoadedDataConverter): FactReader {
  const reader = new HistoryReader(converter);
  return {
    async read(event) {
      const eventId = idOf(event.eventId);
      const atMs = tsToMs(event.eventTime);
      return (await reader.read(event)).map((told) => ({ ...told, eventId, atMs }));
    },
  };
}

export function idOf(id: { toString(): string } | null | undefined): number {
  return Number(id?.toString() ?? 0);
}

interface Scheduled {
  readonly name: string;
  readonly toolInput?: RunToolInput;
}

const NOTHING: readonly ToldOfEvent[] = [];

function only(fact: RunFact | Frame): readonly ToldOfEvent[] {
  return [{ fact }];
}

class HistoryReader {
  readonly #converter: LoadedDataConverter;
  readonly #scheduled = new Map<number, Scheduled>();
  readonly #alarms = new Set<string>();

  constructor(converter: LoadedDataConverter) {
    this.#converter = converter;
  }

  async read(event: HistoryEvent): Promise<readonly ToldOfEvent[]> {
    const told = (await this.#activity(event)) ?? (await this.#people(event));
    return told ?? (await this.#timer(event)) ?? (await this.#run(event));
  }

  async #activity(event: HistoryEvent): Promise<readonly ToldOfEvent[] | null> {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun != null) {
      const name = begun.activityType?.name ?? "";
      this.#scheduled.set(idOf(event.eventId), { name });
      const told = await this.#begun(name, begun.input?.payloads);
      const toolInput = told?.toolInput;
      if (toolInput !== undefined) this.#scheduled.set(idOf(event.eventId), { name, toolInput });
      return told === null ? NOTHING : [{ ...told, activityId: begun.activityId ?? "" }];
    }
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed != null) {
      const { name = "" } = this.#scheduled.get(idOf(completed.scheduledEventId)) ?? {};
      return await this.#completed(name, completed.result?.payloads);
    }
    const marker = event.markerRecordedEventAttributes;
    if (marker?.markerName === "core_local_activity") return await this.#inline(marker);
    return this.#failed(event);
  }

  async #begun(name: string, payloads: Payloads): Promise<ToldOfEvent | null> {
    switch (name) {
      case "callModel":
        return { fact: { kind: "asked", call: await this.#first<ModelCall>(payloads) } };
      case "lookAtCall": {
        const { giveUp } = await this.#first<Look>(payloads);
        return { fact: { kind: "looks", giveUp } };
      }
      case "runTool": {
        const toolInput = await this.#first<RunToolInput>(payloads);
        return { fact: { kind: "toolBegan", callId: toolInput.callId }, toolInput };
      }
      case "closeRun": {
        const { outcome, durationMs } = await this.#first<CloseRunInput>(payloads);
        return { fact: { kind: "closing", outcome, durationMs } };
      }
      default:
        return null;
    }
  }

  async #completed(name: string, payloads: Payloads): Promise<readonly ToldOfEvent[]> {
    switch (name) {
      case "openRun":
        return only({ kind: "opened", opened: await this.#first<Opened>(payloads) });
      case "callModel":
        return only(await this.#first<CallResult>(payloads));
      case "lookAtCall":
        return only(await this.#first<LookResult>(payloads));
      case "runTool":
        return [answered(await this.#first<RunToolResult>(payloads))];
      case "closeRun":
        return only({ kind: "closed", ledger: await this.#first<LedgerTotals>(payloads) });
      default:
        return NOTHING;
    }
  }

  /** A transcript that was lost is rebuilt, and the same is asked again. */
  #failed(event: HistoryEvent): readonly ToldOfEvent[] | null {
    const failed = outcomeOfActivity(event);
    if (failed === null) return null;
    const { name = "", toolInput } = this.#scheduled.get(failed.scheduledId) ?? {};
    const { code, message, wasCancelled } = failed;
    if (code === "TRANSCRIPT_MISSING") return NOTHING;
    switch (name) {
      case "openRun":
      case "callModel":
      case "rebuildTranscript":
        return only({ kind: "failed", code: code || "ATTEMPTS_EXHAUSTED", message });
      case "lookAtCall":
        return wasCancelled
          ? NOTHING
          : only({ kind: "failed", code: code || "ATTEMPTS_EXHAUSTED", message });
      case "runTool":
        return toolInput === undefined
          ? NOTHING
          : only({ kind: "toolLost", callId: toolInput.callId, code, message });
      default:
        return NOTHING;
    }
  }

  /** Core's marker of a local activity: `data` says which it was, `result` or the failure how it ended. */
  async #inline(marker: Marker): Promise<readonly ToldOfEvent[]> {
    const data = await this.#first<{ readonly activity_type?: string }>(
      marker.details?.["data"]?.payloads,
    );
    if (data.activity_type !== "runTool") return NOTHING;
    if (marker.failure != null) {
      const { code, message } = failureOf(marker.failure);
      if (code === "TRANSCRIPT_MISSING") return NOTHING;
      // It does not name its call: whoever folds knows which it can be.
      return only({ kind: "toolLost", callId: "", code, message });
    }
    return [answered(await this.#first<RunToolResult>(marker.details?.["result"]?.payloads))];
  }

  async #people(event: HistoryEvent): Promise<readonly ToldOfEvent[] | null> {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal != null) return await this.#signal(signal.signalName ?? "", signal.input?.payloads);
    const request = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    if (request != null) {
      if (request.input?.name !== DECIDE_UPDATE) return NOTHING;
      const decision = await this.#first<Decision>(request.input.args?.payloads);
      return only({ kind: "ruled", callId: decision.callId, ruling: rulingOf(decision) });
    }
    return event.workflowExecutionCancelRequestedEventAttributes == null
      ? null
      : only({ kind: "calledOff", by: "cancel" });
  }

  async #signal(name: string, payloads: Payloads): Promise<readonly ToldOfEvent[]> {
    switch (name) {
      case SIGNALS.say:
        return only({ kind: "said", message: await this.#first<UserMessage>(payloads) });
      case SIGNALS.pause:
        return only({ kind: "paused" });
      case SIGNALS.resume:
        return only({ kind: "resumed" });
      case SIGNALS.lookAgain:
        return only({ kind: "lookedAgain" });
      default:
        return NOTHING;
    }
  }

  async #timer(event: HistoryEvent): Promise<readonly ToldOfEvent[] | null> {
    const started = event.timerStartedEventAttributes;
    if (started != null) {
      const { summary } = event.userMetadata ?? {};
      const text = await decodeOne<string>(this.#converter, summary);
      if (text === ALARM_SUMMARY) this.#alarms.add(started.timerId ?? "");
      return NOTHING;
    }
    const fired = event.timerFiredEventAttributes;
    if (fired == null) return null;
    const isAlarm = this.#alarms.has(fired.timerId ?? "");
    return only(isAlarm ? { kind: "calledOff", by: "clock" } : { kind: "waited" });
  }

  async #run(event: HistoryEvent): Promise<readonly ToldOfEvent[]> {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started != null) {
      return only({ kind: "started", input: await this.#first<RunInput>(started.input?.payloads) });
    }
    const memo = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields;
    if (memo != null) return await this.#memo(memo);
    const moved = event.workflowExecutionContinuedAsNewEventAttributes;
    if (moved != null)
      return only({ kind: "movedOn", nextExecutionId: moved.newExecutionRunId ?? "" });
    const completed = event.workflowExecutionCompletedEventAttributes;
    if (completed != null) {
      const result = await this.#first<RunResult>(completed.result?.payloads);
      return only({ kind: "ended", result });
    }
    const broken = brokenOff(event);
    return broken === null ? NOTHING : only(broken);
  }

  async #memo(memo: Readonly<Record<string, Payload>>): Promise<readonly ToldOfEvent[]> {
    const read = <T>(key: string) => decodeOne<T>(this.#converter, memo[key]);
    if (MEMOS.waiting in memo) {
      const wait = await read<Wait | null>(MEMOS.waiting);
      return wait == null ? NOTHING : only({ kind: "waits", wait });
    }
    const approvals = MEMOS.approvals in memo ? await read<Approvals>(MEMOS.approvals) : null;
    if (approvals == null) return NOTHING;
    const { waiting: pending, expired } = approvals;
    return [
      ...expired.map((callId) => ({ fact: { kind: "ruled", callId, ruling: SILENCE } as const })),
      ...(pending.length === 0 ? [] : [{ fact: { kind: "personAsked", pending } as const }]),
    ];
  }

  async #first<T>(payloads: Payloads): Promise<T> {
    return await decodeFirst<T>(this.#converter, payloads);
  }
}

type Marker = temporal.api.history.v1.IMarkerRecordedEventAttributes;

function answered(toolResult: RunToolResult): ToldOfEvent {
  const { callId, ref, content } = toolResult;
  const found = content.slice(0, FOUND_CHARS);
  return { fact: { kind: "toolEnded", callId, ref, found }, toolResult };
}
