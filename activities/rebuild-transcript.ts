// Restores the transcript of a run from its histories. Everything the model saw is there: the task in
// the start event, the snapshot in openRun's result, tool answers and replies in their results, and
// which of them follow one another in the arguments of each callModel and lookAtCall.

import { Context } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import type { temporal } from "@temporalio/proto";
import type { CallResult, Look, LookResult, ModelCall } from "../src/domain/call.ts";
import { toolAnswer } from "../src/domain/message.ts";
import {
  taskMessage,
  type OpenRunResult,
  type RunInput,
  type RunToolResult,
} from "../src/domain/run.ts";
import { nextHead, refOf, type Link, type StoredMessage } from "../src/store/transcripts.ts";
import { thisAttempt } from "./attempt.ts";
import { bodyOf } from "./model-call/conversation.ts";
import type { ActivityDeps } from "./deps.ts";

type Event = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

export function createRebuildTranscript({ transcripts, telemetry }: ActivityDeps) {
  return async function rebuildTranscript(): Promise<void> {
    const { runId, executionId } = thisAttempt();
    const transcript = new Rebuilt(runId);
    for (const events of await historiesOf(Context.current().client, runId, executionId)) {
      transcript.read(events);
    }
    await transcripts.put(transcript.messages, transcript.links);
    const { length: messages } = transcript.messages;
    telemetry.emit({ event: "transcript_rebuilt", runId, messages });
  };
}

/** Oldest first. A fresh history names the one it continues. */
async function historiesOf(client: Client, runId: string, executionId: string): Promise<Event[][]> {
  const chain: Event[][] = [];
  for (let id: string | null = executionId; id !== null && id !== "";) {
    Context.current().heartbeat(id);
    const history = await client.workflow.getHandle(runId, id).fetchHistory();
    const events: Event[] = history.events ?? [];
    chain.unshift(events);
    id = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? null;
  }
  return chain;
}

class Rebuilt {
  readonly messages: StoredMessage[] = [];
  readonly links: Link[] = [];
  readonly #runId: string;
  readonly #calls = new Map<string, ModelCall>();
  readonly #bodies = new Map<string, string>();
  readonly #activities = new Map<string, string>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  read(events: readonly Event[]): void {
    this.#activities.clear();
    for (const event of events) this.#take(event);
  }

  #take(event: Event): void {
    const started = event.workflowExecutionStartedEventAttributes;
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const marker = event.markerRecordedEventAttributes;
    if (started) {
      const input = decode<RunInput>(started.input);
      if (input.resumed === undefined) this.#store(JSON.stringify(taskMessage(input)));
    } else if (scheduled) {
      const name = scheduled.activityType?.name ?? "";
      this.#scheduled(String(event.eventId), name, scheduled.input);
    } else if (completed) {
      this.#finished(String(completed.scheduledEventId), completed.result);
    } else if (marker?.markerName === "core_local_activity") {
      const result = marker.details?.["result"];
      if (result) this.#toolAnswered(decode<RunToolResult>(result));
    }
  }

  #scheduled(id: string, name: string, input: Payloads): void {
    this.#activities.set(id, name);
    if (name === "callModel") this.#calls.set(id, decode<ModelCall>(input));
    if (name === "lookAtCall") this.#calls.set(id, decode<Look>(input).call);
  }

  #finished(scheduledEventId: string, result: Payloads): void {
    const activity = this.#activities.get(scheduledEventId);
    const call = this.#calls.get(scheduledEventId);
    if (activity === "openRun") {
      const { snapshot } = decode<OpenRunResult>(result);
      this.#link("", this.#store(JSON.stringify(snapshot)));
    } else if (call !== undefined) {
      this.#replied(call, decode<CallResult | LookResult>(result));
    } else if (activity === "runTool") {
      this.#toolAnswered(decode<RunToolResult>(result));
    }
  }

  #replied(call: ModelCall, result: CallResult | LookResult): void {
    if (result.kind !== "replied") return;
    let head = call.head;
    for (const entry of call.entries) {
      const stored = "ref" in entry ? this.#bodies.get(entry.ref) : undefined;
      const body = bodyOf(entry, stored ?? null);
      if (body === null) throw new Error("a message of the run is not in its histories");
      head = this.#link(head, this.#store(body));
    }
    if (result.message.content.length > 0) {
      this.#link(head, this.#store(JSON.stringify(result.message)));
    }
  }

  #toolAnswered({ callId, content, isError }: RunToolResult): void {
    this.#store(JSON.stringify(toolAnswer(callId, content, isError)));
  }

  #store(body: string): string {
    const ref = refOf(body);
    if (!this.#bodies.has(ref)) this.messages.push({ runId: this.#runId, ref, body });
    this.#bodies.set(ref, body);
    return ref;
  }

  #link(prevHead: string, ref: string): string {
    const head = nextHead(prevHead, ref);
    this.links.push({ runId: this.#runId, prevHead, ref, head });
    return head;
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the event
function decode<T>(payloads: Payloads): T {
  const [payload] = payloads?.payloads ?? [];
  if (!payload) throw new Error("a history event of the run carries no payload");
  return defaultPayloadConverter.fromPayload<T>(payload);
}
