// From what one history tells, and from the rows of attempts in flight, to what one viewer must see next. No I/O,
// no clock of its own: the same facts give the same events with the same ids. The state before and behind each
// fact is folded by the run's own rules; what is news in it, views say (turn-view and its like).
// Their order, and that none is told twice, is kept by told-events (E1); the text of replies by reply-teller (E2, E3).

import type { ModelCall } from "../domain/call.ts";
import type { RunResult } from "../domain/outcome.ts";
import type { RunEvent } from "../domain/run-event.ts";
import type { RunInput } from "../domain/run/carried.ts";
import type { RunFact } from "../domain/run/facts.ts";
import { findingsOf, takesInputAsIs } from "../domain/run/flagged.ts";
import { isNews } from "../domain/run/mail.ts";
import type { UserMessage } from "../domain/run/order.ts";
import type { Opened } from "../domain/run/snapshot.ts";
import type { DeltaRow } from "../store/deltas.ts";
import { peopleNews } from "./people-view.ts";
import { compensationNews } from "./compensation-view.ts";
import type { EventBody } from "./event-body.ts";
import type { EventId } from "./event-id.ts";
import type { Frame, Told } from "./history-facts.ts";
import { ReplyTeller } from "./reply-teller.ts";
import { ToldEvents, type ToldEventsOptions } from "./told-events.ts";
import {
  brokenOutcome,
  isFrame,
  named,
  resultNow,
  tellOn,
  UNTOLD,
  type ToldRun,
} from "./told-run.ts";
import { refusedNews, ToolView } from "./tool-view.ts";
import { limitsLowered, usageEstimated } from "./money-news.ts";
import { replyFinished, TurnView } from "./turn-view.ts";
import { resumeNews, waitNews } from "./wait-view.ts";

export interface MapperOptions extends ToldEventsOptions {
  /** Where the Web UI shows the run. */
  readonly link: string | null;
}

export interface EventMapper {
  fact(told: Told): readonly RunEvent[];
  rows(activityId: string, rows: readonly DeltaRow[]): readonly RunEvent[];
  /** Activities whose attempts may be writing rows now. */
  inFlight(): readonly string[];
  /** True while a reply is in flight of which nothing is told yet. */
  awaitsWord(): boolean;
  /** The last event told, for the mapper of the next history. */
  cursor(): EventId | null;
}

/** One mapper per history of a run. */
export function createEventMapper(options: MapperOptions): EventMapper {
  return new HistoryMapper(options);
}

const NO_ORDER: Pick<RunInput, "task" | "agent" | "tenant" | "session" | "traceId" | "resumed"> = {
  ...{ task: "", agent: "", tenant: "", session: "", traceId: "" },
};

function flags({ flagged = [] }: Opened): readonly EventBody[] {
  return flagged.map((finding) => ({ type: "input.flagged", ...finding }));
}

class HistoryMapper implements EventMapper {
  readonly #options: MapperOptions;
  readonly #events: ToldEvents;
  readonly #reply: ReplyTeller;
  readonly #turns = new TurnView();
  readonly #tools = new ToolView();
  readonly #flagged: EventBody[] = [];
  #run: ToldRun = UNTOLD;

  constructor(options: MapperOptions) {
    this.#options = options;
    this.#events = new ToldEvents(options);
    this.#reply = new ReplyTeller(this.#events);
  }

  cursor(): EventId | null {
    return this.#events.cursor;
  }

  inFlight(): readonly string[] {
    const { activityId } = this.#reply;
    return [...(activityId === null ? [] : [activityId]), ...this.#tools.inFlight()];
  }

  awaitsWord(): boolean {
    return this.#reply.awaitsWord;
  }

  fact(told: Told): readonly RunEvent[] {
    const before = this.#run;
    this.#run = tellOn(before, told);
    const { fact } = told;
    if (isFrame(fact)) this.#frame(told, fact);
    else this.#happened(told, named(before.state, fact), before);
    return this.#events.take();
  }

  rows(activityId: string, rows: readonly DeltaRow[]): readonly RunEvent[] {
    if (activityId === this.#reply.activityId) this.#reply.rows(rows);
    else this.#toolRows(activityId, rows);
    return this.#events.take();
  }

  #frame(told: Told, frame: Frame): void {
    switch (frame.kind) {
      case "started":
        return this.#started(told, frame);
      case "movedOn":
        return this.#events.tell(told, { type: "run.continued", reason: "new_history" });
      case "replaced": {
        const behind = this.#reply.withdraw(told);
        return this.#events.tell(told, { type: "run.continued", reason: "reset" }, behind);
      }
      case "ended":
        return this.#ended(told, frame.result);
      case "broken": {
        const end = { outcome: brokenOutcome(frame), nowMs: told.atMs };
        return this.#ended(told, resultNow(this.#options.runId, this.#run, end));
      }
    }
  }

  #started(told: Told, { input }: Extract<Frame, { kind: "started" }>): void {
    const { task, agent, tenant, session, traceId, resumed } = input ?? NO_ORDER;
    if (resumed !== undefined) return this.#turns.goOn(resumed);
    const { link } = this.#options;
    this.#events.tell(told, { type: "run.started", task, agent, tenant, session, traceId, link });
  }

  #ended(told: Told, result: RunResult): void {
    const behind = this.#reply.withdraw(told);
    this.#events.tell(told, { type: "run.ended", result }, behind);
  }

  #happened(told: Told, fact: RunFact, before: ToldRun): void {
    this.#tellFact(told, fact, before);
    this.#tellFlagged(told);
    // A run that ends does not go on.
    if (fact.kind === "closing" || fact.kind === "compensationBegan") return;
    for (const body of waitNews(before, this.#run)) this.#reply.tellBeside(told, body);
    if (fact.kind !== "resumed") return;
    for (const body of resumeNews(before, this.#run, fact.by ?? "")) {
      this.#reply.tellBeside(told, body);
    }
  }

  #tellFact(told: Told, fact: RunFact, before: ToldRun): void {
    switch (fact.kind) {
      case "asked":
        return this.#asked(told, fact.call, before);
      case "opened":
        this.#tellAll(told, flags(fact.opened));
        return this.#tellAll(told, limitsLowered(before, fact.opened.snapshot.limits));
      case "replied":
        this.#reply.finish(told, replyFinished(this.#run, this.#turns.turn, fact));
        this.#tellAll(told, refusedNews(before, fact));
        return this.#tellAll(told, usageEstimated(before, this.#turns.turn, fact));
      case "unserved":
        return this.#turns.lost(fact);
      case "denied":
      case "interrupted":
      case "failed":
        return void this.#reply.withdraw(told);
      case "said":
        return this.#said(told, fact.message, before);
      default:
        return this.#tellAll(told, this.#newsOfCalls(told, fact, before));
    }
  }

  #newsOfCalls(told: Told, fact: RunFact, before: ToldRun): readonly EventBody[] {
    switch (fact.kind) {
      case "toolBegan":
      case "toolEnded":
      case "toolLost":
      case "toolAsked":
        return this.#tools.news(told, fact, before, this.#events.isSeen(told.eventId));
      case "compensated":
        return compensationNews(before.state.memory?.effects.done ?? [], fact);
      case "personAsked":
      case "ruled":
      case "questionsPut":
      case "questionsAnswered":
        return peopleNews(before, this.#run, fact);
      default:
        return [];
    }
  }

  #asked(told: Told, call: ModelCall, before: ToldRun): void {
    // What a call had told whose transcript was lost, its repetition tells again.
    const behind = this.#reply.withdraw(told);
    for (const body of this.#turns.news(before, call)) this.#events.tell(told, body, behind);
    // Of what goes through the provider's batches nothing is heard until the reply is there.
    if (call.lane === "live") this.#reply.begin(told, call);
  }

  #said(told: Told, message: UserMessage, before: ToldRun): void {
    if (!isNews(before.state.mail, message)) return;
    const { messageId, text, mode, by } = message;
    this.#reply.tellBeside(told, { type: "message.received", messageId, text, mode, by });
    if (takesInputAsIs(before.state.memory)) return;
    for (const finding of findingsOf(message)) {
      this.#flagged.push({ type: "input.flagged", ...finding, messageId });
    }
  }

  /** Beside a reply in flight there is room for the message alone: what was found in it is told behind the reply. */
  #tellFlagged(told: Told): void {
    if (this.#reply.activityId === null) this.#tellAll(told, this.#flagged.splice(0));
  }

  #tellAll(told: Told, news: readonly EventBody[]): void {
    for (const body of news) this.#events.tell(told, body);
  }

  /** Marks of tools that run side by side have no order of their own: they follow what was told last. */
  #toolRows(activityId: string, rows: readonly DeltaRow[]): void {
    for (const said of this.#tools.said(activityId, rows)) {
      const last = this.#events.cursor ?? this.#events.at(1);
      const body = { ...said, turn: this.#turns.turn };
      this.#events.tellAt({ ...last, attempt: last.attempt + 1, offset: 0 }, body);
    }
  }
}
