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

import type { ModelCall, Reply, Unserved } from "../domain/call.ts";
import { textOf } from "../domain/message.ts";
import { traitsOf } from "../domain/purpose.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { isNews } from "../domain/run/mail.ts";
import type { RunFact } from "../domain/run/facts.ts";
import type { DeltaRow } from "../store/deltas.ts";
import { approvalNews, waiting } from "./approval-view.ts";
import { compareEventIds, formatEventId, RETRY_OFFSET, type EventId } from "./event-id.ts";
import type { EventBody } from "./event-body.ts";
import type { Frame, Told } from "./history-facts.ts";
import {
  applyRow,
  finishReply,
  openReplyView,
  type ReplyStep,
  type ReplyView,
} from "./reply-view.ts";
import {
  brokenOutcome,
  isFrame,
  named,
  resultNow,
  tellOn,
  UNTOLD,
  type ToldRun,
} from "./told-run.ts";
import { hasGoneOn, isNewWait, newsOfCall, replyFacts } from "./turn-view.ts";
import { ToolView } from "./tool-view.ts";

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
  fact(told: Told): readonly RunEvent[];
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
  readonly #tools = new ToolView();
  #run: ToldRun = UNTOLD;
  #execution = 0;
  #cursor: EventId | null;
  #call: CallInFlight | null = null;
  #purpose: ModelCall["purpose"]["kind"] | null = null;
  #unserved: Unserved | null = null;
  #changeTold = "";
  #announcedTurn = 0;
  #approvals = { eventId: 0, told: 0 };
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

  fact(told: Told): readonly RunEvent[] {
    const before = this.#run;
    this.#run = tellOn(before, told);
    const { fact, ...rest } = told;
    if (isFrame(fact)) this.#frame({ ...rest, fact });
    else this.#map({ ...rest, fact: named(before.state, fact) }, before);
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

  #frame(told: Told<Frame>): void {
    const { fact, atMs } = told;
    switch (fact.kind) {
      case "started":
        return this.#started(told, fact);
      case "movedOn":
        return this.#tell(told, 0, { type: "run.continued", reason: "new_history" });
      case "ended":
        this.#withdrawRest(told);
        return this.#tell(told, FINISHED, { type: "run.ended", result: fact.result });
      case "broken": {
        this.#withdrawRest(told);
        const end = { outcome: brokenOutcome(fact), nowMs: atMs };
        const result = resultNow(this.#options.runId, this.#run, end);
        return this.#tell(told, FINISHED, { type: "run.ended", result });
      }
    }
  }

  #started(told: Told, { input }: Extract<Frame, { kind: "started" }>): void {
    const { task, agent, tenant, session, traceId, resumed } = input;
    this.#execution = resumed?.execution ?? 0;
    this.#announcedTurn = resumed?.memory?.counts.turn ?? 0;
    if (resumed !== undefined) return;
    const { link } = this.#options;
    this.#tell(told, 0, { type: "run.started", task, agent, tenant, session, traceId, link });
  }

  #map(told: Told<RunFact>, before: ToldRun): void {
    const { fact } = told;
    switch (fact.kind) {
      case "asked":
        return this.#asked(told, fact.call, before);
      case "replied":
        return this.#replied(told, fact, before);
      case "unserved":
        this.#unserved = fact;
        if (hasGoneOn(before, this.#run)) this.#goesOn(told);
        return;
      case "denied":
      case "interrupted":
      case "failed":
        return this.#withdrawRest(told);
      case "toolBegan":
      case "toolEnded":
      case "toolLost":
        return this.#tool(told, before);
      case "personAsked":
      case "ruled":
        return this.#approvalsChanged(told, approvalNews(before, this.#run, fact));
      case "waits":
        if (isNewWait(before, fact.wait)) this.#tell(told, 0, waiting(fact.wait));
        return;
      case "resumed":
        if (hasGoneOn(before, this.#run)) this.#goesOn(told);
        return;
      case "said":
        return this.#said(told, fact.message, before);
      default:
        return;
    }
  }

  #goesOn(told: Told): void {
    this.#tellBeside(told, { type: "run.continued", reason: "resumed" });
  }

  /** Several facts of one event are told one after another. */
  #approvalsChanged(told: Told, news: readonly EventBody[]): void {
    const { eventId } = told;
    if (this.#approvals.eventId !== eventId) this.#approvals = { eventId, told: 0 };
    for (const body of news) {
      this.#tell(told, this.#approvals.told, body);
      this.#approvals.told += 1;
    }
  }

  /** A call that is repeated for reasons of ours (a lost transcript, a lack of capacity) is one turn. */
  #asked(told: Told, call: ModelCall, before: ToldRun): void {
    if (this.#unserved !== null) this.#tellUnserved(told, this.#unserved);
    const { warnings, turn, change } = newsOfCall(before, call);
    for (const [index, warning] of warnings.entries()) this.#tell(told, index + 1, warning);
    // A call that was denied may have announced the turn in which the model then sums up.
    const purpose = call.purpose.kind;
    if (call.turn > this.#announcedTurn || purpose !== this.#purpose) {
      [this.#announcedTurn, this.#purpose] = [call.turn, purpose];
      this.#tell(told, warnings.length === 0 ? 0 : warnings.length + 1, turn);
    }
    // Where a call is repeated for reasons of ours its change of model is told once.
    if (change !== null && JSON.stringify(change) !== this.#changeTold) {
      this.#changeTold = JSON.stringify(change);
      this.#tell(told, warnings.length + 2, change);
    }
    if (call.lane === "batch") return;
    const view = openReplyView(this.#cursorAt(told.eventId));
    const { eventId: anchorId, activityId = "" } = told;
    const { isShown } = traitsOf(call.purpose);
    this.#call = { activityId, anchorId, turn: call.turn, view, isShown };
  }

  #tellUnserved(told: Told, { code, message }: Unserved): void {
    this.#unserved = null;
    const again = { attempt: 1, code, message, nextAttemptAt: null };
    this.#tell(told, 0, { type: "model.retrying", turn: this.#announcedTurn, ...again });
  }

  #replied(told: Told, reply: Reply, before: ToldRun): void {
    const call = this.#call;
    const turn = call?.turn ?? this.#announcedTurn;
    const { attempt } = reply;
    const text = call?.isShown === false ? "" : textOf(reply.message);
    const shown = this.#shown(told);
    if (hasGoneOn(before, this.#run)) {
      this.#tell(told, 0, { type: "run.continued", reason: "resumed" });
    }
    const { withdraw, rest } = finishReply(shown, { attempt, text });
    if (withdraw) {
      const body = { type: "reply.withdrawn", turn, attempt: shown.attempt } as const;
      this.#tell(told, WITHDRAWN, body);
    }
    if (rest !== "") this.#tell(told, REST, { type: "reply.delta", turn, attempt, text: rest });
    const facts = { ...replyFacts(reply, this.#run), text };
    this.#tell(told, FINISHED, { type: "reply.finished", turn, ...facts });
    this.#call = null;
  }

  /** The call gave no reply: what was shown of it is no part of the transcript. */
  #withdrawRest(told: Told): void {
    if (this.#call === null) return;
    const { turn } = this.#call;
    const shown = this.#shown(told);
    if (finishReply(shown, null).withdraw) {
      this.#tell(told, WITHDRAWN, { type: "reply.withdrawn", turn, attempt: shown.attempt });
    }
    this.#call = null;
  }

  /** A viewer that resumes behind the withdrawal of this very event holds nothing any more. */
  #shown({ eventId }: Told): ReplyView {
    const nothing = { attempt: 0, shown: 0, failed: false };
    const isBehind = this.#cursorAt(eventId) !== null;
    return isBehind ? nothing : (this.#call?.view ?? nothing);
  }

  #said(told: Told, message: Extract<RunFact, { kind: "said" }>["message"], before: ToldRun): void {
    if (!isNews(before.state.mail, message)) return;
    const { messageId, text, mode, by } = message;
    this.#tellBeside(told, { type: "message.received", messageId, text, mode, by });
  }

  /** What people do while a reply is in flight: the text behind it is numbered behind it. */
  #tellBeside(told: Told, body: EventBody): void {
    const call = this.#call;
    if (call === null) return this.#tell(told, 0, body);
    const { eventId, atMs } = told;
    const resumedAt = this.#cursorAt(eventId);
    const view = resumedAt === null ? call.view : openReplyView(resumedAt);
    this.#call = { ...call, view, anchorId: eventId };
    const { attempt, shown, failed } = view;
    const offset = failed ? RETRY_OFFSET + shown : shown;
    this.#tellAt({ ...this.#at(eventId), attempt, offset }, body, atMs);
  }

  #tool(told: Told<RunFact>, before: ToldRun): void {
    const seen = this.#options.after;
    const resumedBehind = seen !== null && compareEventIds(this.#at(told.eventId), seen) <= 0;
    for (const [index, body] of this.#tools.news(told, before, resumedBehind).entries()) {
      this.#tell(told, body.type === "tool.started" ? index : 2, body);
    }
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
        const { code, message, nextAttemptAt, shown } = step;
        const retry = { attempt, code, message, nextAttemptAt };
        const body = { type: "model.retrying", turn, ...retry } as const;
        return this.#tellAt({ ...at, attempt, offset: RETRY_OFFSET + shown }, body);
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

  #tell({ eventId, atMs }: Told, role: number, body: EventBody): void {
    this.#tellAt({ ...this.#at(eventId), offset: role }, body, atMs);
  }

  #tellAt(id: EventId, body: EventBody, atMs = this.#options.nowMs()): void {
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
