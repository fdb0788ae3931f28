// From facts of one history, and from the rows of attempts in flight, to what one viewer must see
// next. No I/O, no clock of its own: the same facts give the same events with the same ids.
//
// Invariants:
//   E1. Ids of told events strictly increase; nothing at or before the viewer's cursor is told again.
//   E2. Facts alone complete the story: rows only make it smoother, so losing them loses nothing.
//   E3. Deltas minus withdrawn text are exactly the replies, wherever the viewer resumed.
// E3 rests on the workflow doing nothing else that is told while a model call is in flight. People may
// speak meanwhile: the text that follows is numbered behind what they said, whose id says how much of
// the reply the viewer held by then.

import { isShown, type ModelCall, type Unserved } from "../domain/call.ts";
import { textOf } from "../domain/message.ts";
import type { Approvals } from "../domain/approval.ts";
import type { RunEvent } from "../domain/run-event.ts";
import type { Waiting } from "../domain/run.ts";
import type { DeltaRow } from "../store/deltas.ts";
import { approvalNews } from "./approval-view.ts";
import { compareEventIds, formatEventId, RETRY_OFFSET, type EventId } from "./event-id.ts";
import type { Fact } from "./history-fact.ts";
import {
  applyRow,
  finishReply,
  openReplyView,
  type ReplyStep,
  type ReplyView,
} from "./reply-view.ts";
import { brokenOutcome, createTally, type Tally } from "./run-tally.ts";
import { replyFacts, turnFacts, warningFacts } from "./turn-view.ts";
import { preview, ToolView } from "./tool-view.ts";

export interface MapperOptions {
  readonly runId: string;
  /** Where the Web UI shows the run. */
  readonly link: string | null;
  /** The last event that the viewer has seen. */
  readonly after: EventId | null;
  /** Time of what has no time of its own: rows of attempts in flight. */
  readonly nowMs: () => number;
}

export interface EventMapper {
  fact(fact: Fact): readonly RunEvent[];
  rows(activityId: string, rows: readonly DeltaRow[]): readonly RunEvent[];
  /** Activities whose attempts may be writing rows now. */
  inFlight(): readonly string[];
  /** The last event told, for the mapper of the next history. */
  cursor(): EventId | null;
}

/** One mapper per history of a run. */
export function createEventMapper(options: MapperOptions): EventMapper {
  return new HistoryMapper(options);
}

type Body = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, "id" | "runId" | "ts">
    : never
  : never;

interface CallInFlight {
  readonly activityId: string;
  /** The event of the history behind which the text of the call is told. */
  readonly anchorId: number;
  readonly turn: number;
  readonly view: ReplyView;
  /** False of a reply that is meant for the run alone. */
  readonly isShown: boolean;
}

const WITHDRAWN = 1;
const REST = 2;
const FINISHED = 3;

class HistoryMapper implements EventMapper {
  readonly #options: MapperOptions;
  readonly #tally: Tally = createTally();
  readonly #tools = new ToolView();
  #execution = 0;
  #cursor: EventId | null;
  #call: CallInFlight | null = null;
  #purpose: Tally["purpose"];
  #unserved: Unserved | null = null;
  #changeTold = "";
  #announcedTurn = 0;
  #warned = new Set<string>();
  #heard = new Set<string>();
  #told: RunEvent[] = [];

  constructor(options: MapperOptions) {
    this.#options = options;
    this.#cursor = options.after;
  }

  cursor(): EventId | null {
    return this.#cursor;
  }

  inFlight(): readonly string[] {
    const call = this.#call === null ? [] : [this.#call.activityId];
    return [...call, ...this.#tools.inFlight()];
  }

  fact(fact: Fact): readonly RunEvent[] {
    const { waiting, approvals } = this.#tally;
    const known = this.#tally.toolCalls.size;
    this.#tally.apply(fact);
    if (fact.kind === "approvalsChanged") this.#approvalsChanged(fact, approvals);
    else if (fact.kind === "callUnserved") this.#unserved = fact.result;
    else this.#map(fact, waiting, this.#tally.toolCalls.size > known);
    return this.#take();
  }

  rows(activityId: string, rows: readonly DeltaRow[]): readonly RunEvent[] {
    const call = this.#call;
    if (call?.activityId === activityId) {
      for (const row of rows) this.#callRow(row);
    } else {
      this.#toolRows(activityId, rows);
    }
    return this.#take();
  }

  #approvalsChanged(fact: Extract<Fact, { kind: "approvalsChanged" }>, before: Approvals): void {
    const argumentsOf = (callId: string): unknown => this.#tally.argumentsOf(callId);
    const news = approvalNews(before, fact.approvals, argumentsOf);
    for (const [index, body] of news.entries()) this.#tell(fact, index, body);
  }

  #map(
    fact: Exclude<Fact, { kind: "approvalsChanged" | "callUnserved" }>,
    waitedFor: Waiting | null,
    newTool: boolean,
  ): void {
    switch (fact.kind) {
      case "started":
        return this.#started(fact);
      case "opened":
        return;
      case "callScheduled":
        return this.#callScheduled(fact);
      case "callFinished":
        return this.#callFinished(fact);
      case "callFailed":
        return this.#withdrawRest(fact);
      case "toolScheduled":
      case "toolFinished":
      case "toolFailed":
        return this.#tool(fact, newTool);
      case "waitingChanged":
        return this.#waitingChanged(fact, waitedFor);
      case "said":
        return this.#said(fact);
      case "movedOn":
        return this.#tell(fact, 0, { type: "run.continued", reason: "new_history" });
      case "ended":
        this.#withdrawRest(fact);
        return this.#tell(fact, FINISHED, { type: "run.ended", result: fact.result });
      case "broken": {
        this.#withdrawRest(fact);
        const outcome = brokenOutcome(fact.how, fact.failure);
        const result = this.#tally.result(this.#options.runId, outcome, fact.atMs);
        return this.#tell(fact, FINISHED, { type: "run.ended", result });
      }
    }
  }

  #started(fact: Extract<Fact, { kind: "started" }>): void {
    const { task, agent, tenant, session, traceId, resumed } = fact.input;
    this.#execution = resumed?.execution ?? 0;
    this.#announcedTurn = resumed?.turn ?? 0;
    this.#warned = new Set(resumed?.warned);
    this.#heard = new Set(resumed?.inbox?.ids);
    if (resumed !== undefined) return;
    const { link } = this.#options;
    this.#tell(fact, 0, { type: "run.started", task, agent, tenant, session, traceId, link });
  }

  /** A call that is repeated for reasons of ours (a lost transcript, a lack of capacity) is one turn. */
  #callScheduled(fact: Extract<Fact, { kind: "callScheduled" }>): void {
    const { activityId, input } = fact;
    if (this.#unserved !== null) this.#tellUnserved(fact, this.#unserved);
    const warnings = input.warnings.filter(({ limit }) => !this.#warned.has(limit));
    for (const [index, warning] of warnings.entries()) {
      this.#warned.add(warning.limit);
      this.#tell(fact, index + 1, { type: "budget.warning", ...warningFacts(warning) });
    }
    // A call that was denied may have announced the turn in which the model then sums up.
    const { purpose } = this.#tally;
    if (input.turn > this.#announcedTurn || purpose !== this.#purpose) {
      [this.#announcedTurn, this.#purpose] = [input.turn, purpose];
      const body = this.#turnStarted(input);
      this.#tell(fact, warnings.length === 0 ? 0 : warnings.length + 1, body);
    }
    this.#modelChanged(fact, warnings.length + 2);
    // Nothing is heard of a reply in a batch until it is there.
    if (input.lane === "batch") return;
    const resumedAt = this.#cursorAt(fact.eventId);
    const view = openReplyView(resumedAt);
    const shown = { view, isShown: isShown(input.purpose) };
    this.#call = { activityId, anchorId: fact.eventId, turn: input.turn, ...shown };
  }

  /** Where a call is repeated for reasons of ours it is told once. */
  #modelChanged(fact: Extract<Fact, { kind: "callScheduled" }>, role: number): void {
    const { turn, course } = fact.input;
    const { model, change } = course;
    const told = JSON.stringify([turn, model, change]);
    if (change === undefined || told === this.#changeTold) return;
    this.#changeTold = told;
    this.#tell(fact, role, { type: "model.changed", turn, model, ...change });
  }

  #tellUnserved(fact: Fact, { code, message }: Unserved): void {
    this.#unserved = null;
    const again = { attempt: 1, code, message, nextAttemptAt: null };
    this.#tell(fact, 0, { type: "model.retrying", turn: this.#announcedTurn, ...again });
  }

  #turnStarted({ course }: ModelCall): Body {
    const { state, purpose } = this.#tally;
    return {
      type: "turn.started",
      turn: this.#announcedTurn,
      ...(purpose && { purpose }),
      ...turnFacts(state, course.model),
    };
  }

  #callFinished(fact: Extract<Fact, { kind: "callFinished" }>): void {
    const { result } = fact;
    if (result.kind !== "replied") return this.#withdrawRest(fact);
    const call = this.#call;
    const turn = call?.turn ?? this.#announcedTurn;
    const { attempt } = result;
    const text = call?.isShown === false ? "" : textOf(result.message);
    const shown = this.#shown(fact);
    const { withdraw, rest } = finishReply(shown, { attempt, text });
    if (withdraw) {
      const body = { type: "reply.withdrawn", turn, attempt: shown.attempt } as const;
      this.#tell(fact, WITHDRAWN, body);
    }
    if (rest !== "") this.#tell(fact, REST, { type: "reply.delta", turn, attempt, text: rest });
    const spentMicroUsd = this.#tally.state?.spentMicroUsd ?? 0;
    const facts = { ...replyFacts(result, spentMicroUsd), text };
    this.#tell(fact, FINISHED, { type: "reply.finished", turn, ...facts });
    this.#tools.announce(result.toolCalls);
    this.#call = null;
  }

  /** The call gave no reply: what was shown of it is no part of the transcript. */
  #withdrawRest(fact: Fact): void {
    if (this.#call === null) return;
    const { turn } = this.#call;
    const shown = this.#shown(fact);
    if (finishReply(shown, null).withdraw) {
      this.#tell(fact, WITHDRAWN, { type: "reply.withdrawn", turn, attempt: shown.attempt });
    }
    this.#call = null;
  }

  /** A viewer that resumes behind the withdrawal of this very event holds nothing any more. */
  #shown(fact: Fact): ReplyView {
    const nothing = { attempt: 0, shown: 0, failed: false };
    const isBehind = this.#cursorAt(fact.eventId) !== null;
    return isBehind ? nothing : (this.#call?.view ?? nothing);
  }

  #waitingChanged(fact: Extract<Fact, { kind: "waitingChanged" }>, before: Waiting | null): void {
    const { waiting } = fact;
    if (waiting !== null) return this.#tell(fact, 0, { type: "run.waiting", ...waiting });
    if (before !== null) this.#tell(fact, 0, { type: "run.continued", reason: "resumed" });
  }

  #said(fact: Extract<Fact, { kind: "said" }>): void {
    const { messageId, text, mode, by } = fact.message;
    if (this.#heard.has(messageId)) return;
    this.#heard.add(messageId);
    const body = { type: "message.received", messageId, text, mode, by } as const;
    const call = this.#call;
    if (call === null) return this.#tell(fact, 0, body);
    const resumedAt = this.#cursorAt(fact.eventId);
    const view = resumedAt === null ? call.view : openReplyView(resumedAt);
    this.#call = { ...call, view, anchorId: fact.eventId };
    const { attempt, shown, failed } = view;
    const offset = failed ? RETRY_OFFSET + shown : shown;
    this.#tellAt({ ...this.#at(fact.eventId), attempt, offset }, body, fact.atMs);
  }

  #tool(
    fact: Extract<Fact, { kind: "toolScheduled" | "toolFinished" | "toolFailed" }>,
    isNew: boolean,
  ): void {
    const turn = this.#announcedTurn;
    if (fact.kind === "toolScheduled") {
      const seen = this.#options.after;
      const resumedBehind = seen !== null && compareEventIds(this.#at(fact.eventId), seen) <= 0;
      this.#tools.begin(fact, resumedBehind);
      const { callId, tool } = fact.input;
      if (isNew) this.#tell(fact, 0, this.#toolStarted(callId, tool));
      return;
    }
    const ended = this.#tools.end(fact, this.#tally.state?.snapshot.tools ?? []);
    if (ended === null) return;
    if (!ended.wasStarted) this.#tell(fact, 1, this.#toolStarted(ended.callId, ended.tool));
    const { callId, tool, isError, content, durationMs } = ended;
    this.#tell(fact, 2, {
      type: "tool.finished",
      turn,
      callId,
      tool,
      isError,
      preview: preview(content),
      durationMs,
    });
  }

  #toolStarted(callId: string, tool: string): Body {
    const turn = this.#announcedTurn;
    return { type: "tool.started", turn, callId, tool, preview: this.#tools.previewOf(callId) };
  }

  #callRow(row: DeltaRow): void {
    const call = this.#call;
    if (call === null) return;
    const { view, steps } = applyRow(call.view, row);
    this.#call = { ...call, view };
    for (const step of steps) this.#tellStep(call, step);
  }

  #tellStep({ anchorId, turn }: CallInFlight, step: ReplyStep): void {
    const at = this.#at(anchorId);
    const { attempt } = step;
    switch (step.kind) {
      case "delta": {
        const body = { type: "reply.delta", turn, attempt, text: step.text } as const;
        return this.#tellAt({ ...at, attempt, offset: step.end }, body);
      }
      case "withdrawn": {
        const body = { type: "reply.withdrawn", turn, attempt } as const;
        return this.#tellAt({ ...at, attempt: step.next, offset: 0 }, body);
      }
      case "retrying": {
        const { code, message, nextAttemptAt } = step;
        const body = {
          type: "model.retrying",
          turn,
          attempt,
          code,
          message,
          nextAttemptAt,
        } as const;
        return this.#tellAt({ ...at, attempt, offset: RETRY_OFFSET + step.shown }, body);
      }
    }
  }

  /** Marks of tools that run side by side have no order of their own: they follow what was told last. */
  #toolRows(activityId: string, rows: readonly DeltaRow[]): void {
    for (const retry of this.#tools.retries(activityId, rows)) {
      const last = this.#cursor ?? this.#at(1);
      const body = { type: "tool.retrying", turn: this.#announcedTurn, ...retry } as const;
      this.#tellAt({ ...last, attempt: last.attempt + 1, offset: 0 }, body);
    }
  }

  #at(historyEventId: number): EventId {
    return { execution: this.#execution, historyEventId, attempt: 0, offset: 0 };
  }

  /** Where the viewer resumed, if it was at an event that this history event gave rise to. */
  #cursorAt(historyEventId: number): EventId | null {
    const { after } = this.#options;
    const here = after?.execution === this.#execution && after.historyEventId === historyEventId;
    return here ? after : null;
  }

  #tell(fact: Fact, role: number, body: Body): void {
    this.#tellAt({ ...this.#at(fact.eventId), offset: role }, body, fact.atMs);
  }

  #tellAt(id: EventId, body: Body, atMs = this.#options.nowMs()): void {
    if (this.#cursor !== null && compareEventIds(id, this.#cursor) <= 0) return;
    this.#cursor = id;
    const ts = new Date(atMs).toISOString();
    this.#told.push({ ...body, id: formatEventId(id), runId: this.#options.runId, ts });
  }

  #take(): readonly RunEvent[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }
}
