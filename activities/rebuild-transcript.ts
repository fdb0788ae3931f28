// Restores the transcript of a run from its histories. Everything the model saw is there: the task in
// the start event, the snapshot in openRun's result, tool answers and replies in their results, and
// which of them follow one another in the arguments of each callModel and lookAtCall.

import { Context } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import type { LoadedDataConverter } from "@temporalio/common";
import type { CallResult, Look, LookResult, ModelCall } from "../src/domain/call.ts";
import { toolAnswer } from "../src/domain/message.ts";
import { taskMessage } from "../src/domain/run/order.ts";
import type { Opened } from "../src/domain/run/snapshot.ts";
import type { RunInput } from "../src/domain/run/carried.ts";
import type { RunToolResult } from "../src/domain/tool-call.ts";
import { nextHead, refOf, type Link, type StoredMessage } from "../src/store/transcripts.ts";
import { decodeFirst, type HistoryEvent, type Payloads } from "../src/temporal/payloads.ts";
import { asFailures, thisAttempt } from "./attempt.ts";
import { bodyOf } from "./model-call/conversation.ts";
import type { ActivityDeps } from "./deps.ts";

export function createRebuildTranscript({ transcripts, telemetry }: ActivityDeps) {
  /** Of the run that calls, or of one that has ended: its newest history, then. */
  return async function rebuildTranscript(endedRunId?: string): Promise<void> {
    const own = thisAttempt();
    const isOwn = endedRunId === undefined || endedRunId === own.runId;
    const { runId, executionId } = isOwn ? own : { runId: endedRunId, executionId: "" };
    const { client } = Context.current();
    const transcript = new Rebuilt(runId, client.options.loadedDataConverter);
    for (const events of await historiesOf(client, runId, executionId)) {
      await transcript.read(events);
    }
    await asFailures(() => transcripts.put(transcript.messages, transcript.links));
    const { length: messages } = transcript.messages;
    telemetry.emit({ event: "transcript_rebuilt", runId, messages });
  };
}

/** Oldest first. A fresh history names the one it continues. */
async function historiesOf(
  client: Client,
  runId: string,
  executionId: string,
): Promise<HistoryEvent[][]> {
  const chain: HistoryEvent[][] = [];
  for (let id: string | null = executionId; id !== null;) {
    Context.current().heartbeat(id);
    const handle = client.workflow.getHandle(runId, id === "" ? undefined : id);
    const history = await handle.fetchHistory();
    const events: HistoryEvent[] = history.events ?? [];
    chain.unshift(events);
    id = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || null;
  }
  return chain;
}

class Rebuilt {
  readonly messages: StoredMessage[] = [];
  readonly links: Link[] = [];
  readonly #runId: string;
  readonly #converter: LoadedDataConverter;
  readonly #calls = new Map<string, ModelCall>();
  readonly #bodies = new Map<string, string>();
  #order: RunInput | null = null;
  readonly #activities = new Map<string, string>();

  constructor(runId: string, converter: LoadedDataConverter) {
    this.#runId = runId;
    this.#converter = converter;
  }

  async read(events: readonly HistoryEvent[]): Promise<void> {
    this.#activities.clear();
    for (const event of events) await this.#take(event);
  }

  async #take(event: HistoryEvent): Promise<void> {
    const started = event.workflowExecutionStartedEventAttributes;
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const marker = event.markerRecordedEventAttributes;
    if (started) {
      const input = await this.#decode<RunInput>(started.input?.payloads);
      if (input.resumed === undefined) this.#order = input;
    } else if (scheduled) {
      const name = scheduled.activityType?.name ?? "";
      await this.#scheduled(String(event.eventId), name, scheduled.input?.payloads);
    } else if (completed) {
      await this.#finished(String(completed.scheduledEventId), completed.result?.payloads);
    } else if (marker?.markerName === "core_local_activity") {
      const result = marker.details?.["result"];
      if (result) this.#toolAnswered(await this.#decode<RunToolResult>(result.payloads));
    }
  }

  async #scheduled(id: string, name: string, input: Payloads): Promise<void> {
    this.#activities.set(id, name);
    if (name === "callModel") this.#calls.set(id, await this.#decode<ModelCall>(input));
    if (name === "lookAtCall") this.#calls.set(id, (await this.#decode<Look>(input)).call);
  }

  async #finished(scheduledEventId: string, result: Payloads): Promise<void> {
    const activity = this.#activities.get(scheduledEventId);
    const call = this.#calls.get(scheduledEventId);
    if (activity === "openRun") {
      const { snapshot, flagged } = await this.#decode<Opened>(result);
      if (this.#order !== null) this.#store(JSON.stringify(taskMessage(this.#order, flagged)));
      this.#link("", this.#store(JSON.stringify(snapshot)));
    } else if (call !== undefined) {
      this.#replied(call, await this.#decode<CallResult | LookResult>(result));
    } else if (activity === "runTool") {
      this.#toolAnswered(await this.#decode<RunToolResult>(result));
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

  #toolAnswered(result: RunToolResult): void {
    // What a tool asks a person is no message.
    if ("asks" in result) return;
    const { toolUseId, content, isError } = result;
    this.#store(JSON.stringify(toolAnswer(toolUseId, content, isError)));
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

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the event
  async #decode<T>(payloads: Payloads): Promise<T> {
    if (!payloads?.length) throw new Error("a history event of the run carries no payload");
    return await decodeFirst<T>(this.#converter, payloads);
  }
}
