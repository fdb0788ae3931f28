// From Temporal's history events to the facts of a run, the very same that its workflow recorded, and to how each
// history begins and ends. One reader per history, because an end of an activity names only its beginning.
// What is told beside the facts is for those who watch, and nothing is folded from it.

import type { LoadedDataConverter } from "@temporalio/common";
import { tsToMs } from "@temporalio/common/lib/time.js";
import { NO_APPROVALS, rulingOf, SILENCE, type Approvals } from "../domain/approval.ts";
import type { RunResult } from "../domain/outcome.ts";
import type { QuestionsNow } from "../domain/question.ts";
import type { RunInput } from "../domain/run/carried.ts";
import type { RunFact } from "../domain/run/facts.ts";
import { answerFrom } from "../domain/run/parse-answer.ts";
import { decisionFrom } from "../domain/run/parse-decision.ts";
import { messageFrom } from "../domain/run/parse-message.ts";
import { inputFrom } from "../domain/run/parse-order.ts";
import { raiseFrom, resumedBy } from "../domain/run/parse-resume.ts";
import type { Wait } from "../domain/run/state.ts";
import {
  ALARM_SUMMARY,
  ANSWER_UPDATE,
  DECIDE_UPDATE,
  MEMOS,
  RAISE_UPDATE,
  SIGNALS,
} from "../temporal/names.ts";
import {
  decodeFirst,
  decodeForeign,
  decodeOne,
  type HistoryEvent,
  type Payload,
  type Payloads,
} from "../temporal/payloads.ts";
import { ActivityReader, type Heard } from "./activity-facts.ts";
import { brokenOff, type BrokenOff } from "./history-failures.ts";

/** What a history says besides: how it began, and how it ended. */
export type Frame =
  /** Null where it was started with what is no order: such a run does nothing but fail. */
  | { readonly kind: "started"; readonly input: RunInput | null }
  | { readonly kind: "movedOn"; readonly nextExecutionId: string }
  /** It was reset from outside. No event of its own says so: whoever meets its end asks (histories.ts). */
  | { readonly kind: "replaced"; readonly nextExecutionId: string }
  | { readonly kind: "ended"; readonly result: RunResult }
  | BrokenOff;

export interface Told extends Omit<Heard, "fact"> {
  readonly fact: RunFact | Frame;
  readonly eventId: number;
  readonly atMs: number;
}

export interface FactReader {
  /** Empty where the event says nothing about the run. Events must come in order. */
  read(event: HistoryEvent): Promise<readonly Told[]>;
}

export function createFactReader(converter: LoadedDataConverter): FactReader {
  const activities = new ActivityReader(converter);
  const others = new EventReader(converter);
  return {
    async read(event) {
      const heard = await activities.read(event);
      const facts = heard === undefined ? await others.read(event) : heard === null ? [] : [heard];
      const eventId = idOf(event.eventId);
      const atMs = tsToMs(event.eventTime);
      return facts.map((told) => ({ ...told, eventId, atMs }));
    },
  };
}

export function idOf(id: { toString(): string } | null | undefined): number {
  return Number(id?.toString() ?? 0);
}

/** All that is no activity. */
class EventReader {
  readonly #converter: LoadedDataConverter;
  readonly #alarms = new Set<string>();

  constructor(converter: LoadedDataConverter) {
    this.#converter = converter;
  }

  async read(event: HistoryEvent): Promise<readonly Pick<Told, "fact">[]> {
    const memo = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields;
    if (memo != null) return (await this.#memo(memo)).map((fact) => ({ fact }));
    const fact =
      (await this.#people(event)) ?? (await this.#timer(event)) ?? (await this.#frame(event));
    return fact === null ? [] : [{ fact }];
  }

  async #people(event: HistoryEvent): Promise<RunFact | null> {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal != null) return await this.#signal(signal.signalName ?? "", signal.input?.payloads);
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (update != null) return await this.#update(update.name ?? "", update.args?.payloads);
    const cancel = event.workflowExecutionCancelRequestedEventAttributes;
    return cancel == null ? null : { kind: "calledOff", by: "cancel" };
  }

  async #update(name: string, payloads: Payloads): Promise<RunFact | null> {
    const given = await this.#foreign(payloads);
    if (name === DECIDE_UPDATE) {
      const decision = decisionFrom(given);
      if ("problem" in decision) return null;
      const { callId } = decision.value;
      return { kind: "ruled", callId, ruling: rulingOf(decision.value) };
    }
    if (name === ANSWER_UPDATE) {
      const answer = answerFrom(given);
      return "problem" in answer ? null : { kind: "questionsAnswered", ...answer.value };
    }
    const raise = name === RAISE_UPDATE ? raiseFrom(given) : { problem: "" };
    return "problem" in raise ? null : { kind: "resumed", ...raise.value };
  }

  async #signal(name: string, payloads: Payloads): Promise<RunFact | null> {
    switch (name) {
      case SIGNALS.say: {
        const message = messageFrom(await this.#foreign(payloads));
        return "problem" in message ? null : { kind: "said", message: message.value };
      }
      case SIGNALS.pause:
        return { kind: "paused" };
      case SIGNALS.resume:
        return { kind: "resumed", by: resumedBy(await this.#foreign(payloads)) };
      case SIGNALS.lookAgain:
        return { kind: "lookedAgain" };
      default:
        return null;
    }
  }

  /** One that is not the alarm ends a wait, if the run is at one. */
  async #timer(event: HistoryEvent): Promise<RunFact | null> {
    const started = event.timerStartedEventAttributes;
    if (started != null) {
      const summary = await this.#decodeOne<string>(event.userMetadata?.summary);
      if (summary === ALARM_SUMMARY) this.#alarms.add(started.timerId ?? "");
      return null;
    }
    const fired = event.timerFiredEventAttributes;
    if (fired == null) return null;
    const isAlarm = this.#alarms.has(fired.timerId ?? "");
    return isAlarm ? { kind: "calledOff", by: "clock" } : { kind: "waited" };
  }

  /** That a wait is over is not read here: the fact that ends it says so. */
  async #memo(memo: Readonly<Record<string, Payload>>): Promise<readonly RunFact[]> {
    const wait = await this.#decodeOne<Wait | null>(memo[MEMOS.waiting]);
    const approvals = await this.#decodeOne<Approvals | null>(memo[MEMOS.approvals]);
    const { waiting: pending, expired } = approvals ?? NO_APPROVALS;
    const asked = await this.#decodeOne<QuestionsNow | null>(memo[MEMOS.questions]);
    const { waiting: put, silent } = asked ?? { waiting: [], silent: [] };
    return [
      ...(wait == null ? [] : [{ kind: "waits", wait } as const]),
      ...expired.map((callId) => ({ kind: "ruled", callId, ruling: SILENCE }) as const),
      ...(pending.length === 0 ? [] : [{ kind: "personAsked", pending } as const]),
      ...silent.map(
        (round) => ({ kind: "questionsAnswered", ...round, answers: null, by: null }) as const,
      ),
      ...(put.length === 0 ? [] : [{ kind: "questionsPut", pending: put } as const]),
    ];
  }

  async #frame(event: HistoryEvent): Promise<Frame | null> {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started != null) {
      const { continuedExecutionRunId, cronSchedule } = started;
      const input = inputFrom(await this.#foreign(started.input?.payloads), {
        continuedFrom: continuedExecutionRunId ?? "",
        cronSchedule: cronSchedule ?? "",
      });
      return { kind: "started", input: "problem" in input ? null : input.value };
    }
    const moved = event.workflowExecutionContinuedAsNewEventAttributes;
    if (moved != null) return { kind: "movedOn", nextExecutionId: moved.newExecutionRunId ?? "" };
    const completed = event.workflowExecutionCompletedEventAttributes;
    if (completed == null) return brokenOff(event);
    return { kind: "ended", result: await this.#decode<RunResult>(completed.result?.payloads) };
  }

  async #decode<T>(payloads: Payloads): Promise<T> {
    return await decodeFirst<T>(this.#converter, payloads);
  }

  async #foreign(payloads: Payloads): Promise<unknown> {
    return await decodeForeign(this.#converter, payloads);
  }

  async #decodeOne<T>(payload: Payload | null | undefined): Promise<T | null> {
    return await decodeOne<T>(this.#converter, payload);
  }
}
