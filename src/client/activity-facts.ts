// From the events of activities to the facts that they are for a run. An end names only its beginning, so what
// began is kept. Which activity it was, and how a tool ended, is told beside the fact for those who watch.

import type { LoadedDataConverter } from "@temporalio/common";
import type { temporal } from "@temporalio/proto";
import type { CallResult, Look, LookResult, ModelCall } from "../domain/call.ts";
import { notCompensated, type Compensated } from "../domain/effect.ts";
import type { LedgerTotals } from "../domain/outcome.ts";
import type { CloseRunInput } from "../domain/run/books.ts";
import { toolCameTo, type RunFact } from "../domain/run/facts.ts";
import type { Opened } from "../domain/run/snapshot.ts";
import type {
  CompensateInput,
  RunToolInput,
  RunToolResult,
  ToolAnswered,
} from "../domain/tool-call.ts";
import { decodeFirst, type HistoryEvent, type Payloads } from "../temporal/payloads.ts";
import { failureOf, failedActivity, type ActivityFailed } from "./history-failures.ts";

export interface Heard {
  readonly fact: RunFact;
  /** Of a call or a tool that was scheduled. */
  readonly activityId?: string;
  readonly toolResult?: ToolAnswered;
}

type Scheduled = temporal.api.history.v1.IActivityTaskScheduledEventAttributes;
type Marker = temporal.api.history.v1.IMarkerRecordedEventAttributes;

export class ActivityReader {
  readonly #converter: LoadedDataConverter;
  /** By the id of the event. */
  readonly #begun = new Map<string, { readonly name: string; readonly fact: RunFact | null }>();

  constructor(converter: LoadedDataConverter) {
    this.#converter = converter;
  }

  /** Undefined where the event is none of an activity, null where it says nothing of the run. */
  async read(event: HistoryEvent): Promise<Heard | null | undefined> {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled != null) return await this.#scheduled(String(event.eventId), scheduled);
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed != null) {
      const name = this.#begun.get(String(completed.scheduledEventId))?.name ?? "";
      return await this.#completed(name, completed.result?.payloads);
    }
    const failed = failedActivity(event);
    if (failed !== null) return this.#failed(failed);
    const marker = event.markerRecordedEventAttributes;
    return marker?.markerName === "core_local_activity" ? await this.#inline(marker) : undefined;
  }

  async #scheduled(
    eventId: string,
    { activityType, activityId, input }: Scheduled,
  ): Promise<Heard | null> {
    const name = activityType?.name ?? "";
    const fact = await this.#beginning(name, input?.payloads);
    this.#begun.set(eventId, { name, fact });
    return fact === null ? null : { fact, activityId: activityId ?? "" };
  }

  async #beginning(name: string, payloads: Payloads): Promise<RunFact | null> {
    switch (name) {
      case "callModel":
        return { kind: "asked", call: await this.#decode<ModelCall>(payloads) };
      case "lookAtCall": {
        const { giveUp } = await this.#decode<Look>(payloads);
        return { kind: "looks", giveUp };
      }
      case "runTool": {
        const { callId } = await this.#decode<RunToolInput>(payloads);
        return { kind: "toolBegan", callId };
      }
      case "compensate": {
        const { effect, outcome } = await this.#decode<CompensateInput>(payloads);
        const { callId } = effect;
        return { kind: "compensationBegan", callId, outcome };
      }
      case "closeRun": {
        const { outcome, durationMs } = await this.#decode<CloseRunInput>(payloads);
        return { kind: "closing", outcome, durationMs };
      }
      default:
        return null;
    }
  }

  async #completed(name: string, payloads: Payloads): Promise<Heard | null> {
    switch (name) {
      case "openRun":
        return { fact: { kind: "opened", opened: await this.#decode<Opened>(payloads) } };
      case "callModel":
        return { fact: await this.#decode<CallResult>(payloads) };
      case "lookAtCall":
        return { fact: await this.#decode<LookResult>(payloads) };
      case "runTool":
        return cameTo(await this.#decode<RunToolResult>(payloads));
      case "compensate":
        return { fact: await this.#decode<Compensated>(payloads) };
      case "closeRun":
        return { fact: { kind: "closed", ledger: await this.#decode<LedgerTotals>(payloads) } };
      default:
        return null;
    }
  }

  #failed({ scheduledId, code, message, wasCancelled }: ActivityFailed): Heard | null {
    const { name = "", fact = null } = this.#begun.get(scheduledId) ?? {};
    // A transcript that was lost is rebuilt, and the same is asked again.
    if (code === LOST_TRANSCRIPT) return null;
    const failed: RunFact = { kind: "failed", code: code || "ATTEMPTS_EXHAUSTED", message };
    switch (name) {
      case "openRun":
      case "callModel":
      case "rebuildTranscript":
        return { fact: failed };
      case "lookAtCall":
        // What the batch has come to is then asked for once more.
        return wasCancelled ? null : { fact: failed };
      case "runTool":
        return { fact: { kind: "toolLost", callId: callIn(fact), code, message } };
      case "compensate":
        return { fact: notCompensated(callIn(fact), message) };
      default:
        return null;
    }
  }

  /** Core's marker of a local activity: `data` says which it was, `result` or the failure how it ended. */
  async #inline({ details, failure }: Marker): Promise<Heard | null> {
    const { activity_type: name } = await this.#decode<LocalActivity>(details?.["data"]?.payloads);
    if (name !== "runTool") return null;
    if (failure == null) {
      return cameTo(await this.#decode<RunToolResult>(details?.["result"]?.payloads));
    }
    const { code, message } = failureOf(failure);
    // It does not name its call: whoever folds knows which it can be.
    return code === LOST_TRANSCRIPT
      ? null
      : { fact: { kind: "toolLost", callId: "", code, message } };
  }

  async #decode<T>(payloads: Payloads): Promise<T> {
    return await decodeFirst<T>(this.#converter, payloads);
  }
}

const LOST_TRANSCRIPT = "TRANSCRIPT_MISSING";

function callIn(fact: RunFact | null): string {
  return fact !== null && "callId" in fact ? fact.callId : "";
}

interface LocalActivity {
  readonly activity_type?: string;
}

function cameTo(result: RunToolResult): Heard {
  const fact = toolCameTo(result);
  return "asks" in result ? { fact } : { fact, toolResult: result };
}
