// What the events of a run come to, for the eye: items in their order, figures, steps in time.
// Items change in place and carry a version, so that a long run redraws only what changed.

import type { RunEvent } from "../../domain/run-event.ts";
import type { RunResult } from "../../domain/outcome.ts";
import { count, duration, usd } from "./format.ts";
import { progressText, warningText } from "./warning-text.ts";
import type { Figures, Item, NoteItem, ReplyItem, ToolItem, TurnCost } from "./run-items.ts";
import { PeopleItems } from "./people-items.ts";
import { shownLine } from "../../domain/shown-text.ts";
import { appendText } from "./text-blocks.ts";

type Of<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;
type OfRun = Of<"run.started" | "run.waiting" | "run.resumed" | "run.continued" | "run.ended">;
type OfModel = Of<"model.retrying" | "model.changed">;

export class RunModel {
  readonly items: Item[] = [];
  readonly costs: TurnCost[] = [];
  figures: Figures = { spentUsd: 0, capUsd: null, inputTokens: 0, outputTokens: 0, turns: 0 };
  startedMs: number | null = null;
  lastMs: number | null = null;
  waiting: string | null = null;
  result: RunResult | null = null;
  model: string | null = null;
  offline = false;
  /** The model that is asked costs nothing, and nothing was spent. */
  free = false;
  /** Attempts that failed: each may have cost what no event tells yet. */
  lostAttempts = 0;
  /** For people who listen: what happened last, never the text itself. */
  news = "";

  readonly #tools = new Map<string, ToolItem>();
  readonly #people = new PeopleItems();
  #reply: ReplyItem | null = null;
  #wait: NoteItem | null = null;

  apply(event: RunEvent): void {
    const atMs = this.#seenAt(event);
    if (isOfRun(event)) return this.#ofRun(event, atMs);
    if (isOfModel(event)) return this.#ofModel(event, atMs);
    if (isOfReply(event)) return this.#ofReply(event, atMs);
    switch (event.type) {
      case "turn.started":
        return this.#turnStarted(event, atMs);
      case "tool.started":
      case "tool.retrying":
      case "tool.progress":
      case "tool.finished":
        return this.#tool(event, atMs);
      case "approval.requested":
      case "approval.decided":
      case "question.asked":
      case "question.answered":
        return this.#person(this.#people.take(event, atMs), atMs);
      case "message.received":
        return this.#message(event, atMs);
      default:
        this.#note("warning", warningText(event), atMs);
    }
  }

  #ofReply(event: OfReply, atMs: number): void {
    switch (event.type) {
      case "reply.delta":
        return this.#delta(event);
      case "reply.progress":
        return this.#progress(event, atMs);
      case "reply.withdrawn":
        return this.#withdrawn(event, atMs);
      case "reply.finished":
        return this.#replyFinished(event, atMs);
    }
  }

  #seenAt({ ts }: RunEvent): number {
    const atMs = Date.parse(ts);
    this.startedMs ??= atMs;
    this.lastMs = atMs;
    return atMs;
  }

  #ofRun(event: OfRun, atMs: number): void {
    switch (event.type) {
      case "run.started":
        this.#add({ ...this.#fresh(), kind: "task", text: event.task, atMs });
        return;
      case "run.waiting":
        return this.#waits(event, atMs);
      case "run.resumed":
        return this.#resumed(event, atMs);
      case "run.continued":
        return this.#continued(event, atMs);
      case "run.ended":
        return this.#ended(event, atMs);
    }
  }

  #message({ text, by, mode, messageId }: Of<"message.received">, atMs: number): void {
    this.#add({ ...this.#fresh(), kind: "message", text, by, mode, messageId, atMs });
    this.news = `${shownLine(by, 40)} wrote to the run`;
  }

  #turnStarted(event: Of<"turn.started">, atMs: number): void {
    const { turn, model, spentUsd, capUsd } = event;
    this.#waitOver(atMs);
    this.model = model;
    this.offline ||= event.offline;
    this.free = event.free === true && spentUsd === 0;
    this.figures = { ...this.figures, spentUsd, capUsd, turns: turn };
    // A turn that was denied is announced again where the model sums up in it.
    const reply = this.#replyAt(turn, atMs);
    reply.purpose = event.purpose;
    reply.version += 1;
    this.news = `turn ${turn} started`;
  }

  #beginReply(turn: number, atMs: number): ReplyItem {
    const reply: ReplyItem = this.#add({
      ...this.#fresh(),
      kind: "reply",
      turn,
      blocks: [],
      chars: 0,
      progress: "",
      attempt: 1,
      isOpen: true,
      isWaiting: false,
      isMended: false,
      retries: [],
      withdrawn: 0,
      stopReason: "",
      purpose: undefined,
      costUsd: 0,
      free: false,
      crashTaxUsd: 0,
      outputTokens: 0,
      fromMs: atMs,
      toMs: null,
    });
    this.#reply = reply;
    return reply;
  }

  #replyAt(turn: number, atMs: number): ReplyItem {
    const reply = this.#reply;
    return reply?.turn === turn ? reply : this.#beginReply(turn, atMs);
  }

  #delta(event: Of<"reply.delta">): void {
    const reply = this.#replyAt(event.turn, Date.parse(event.ts));
    reply.attempt = event.attempt;
    reply.chars += event.text.length;
    reply.progress = "";
    appendText(reply.blocks, event.text);
    reply.version += 1;
  }

  #progress({ turn, attempt, tool, chars }: Of<"reply.progress">, atMs: number): void {
    const reply = this.#replyAt(turn, atMs);
    reply.attempt = attempt;
    reply.progress = `writing arguments of ${shownLine(tool, 60)}, ${count(chars)} characters`;
    reply.version += 1;
  }

  #withdrawn(event: Of<"reply.withdrawn">, atMs: number): void {
    const reply = this.#replyAt(event.turn, atMs);
    if (reply.chars > 0) reply.withdrawn += 1;
    reply.blocks.length = 0;
    reply.chars = 0;
    reply.progress = "";
    reply.version += 1;
  }

  #ofModel(event: OfModel, atMs: number): void {
    if (event.type === "model.retrying") this.#modelRetrying(event, atMs);
    else this.#modelChanged(event, atMs);
  }

  #modelRetrying(event: Of<"model.retrying">, atMs: number): void {
    const { turn, attempt, code, message, nextAttemptAt } = event;
    const reply = this.#replyAt(turn, atMs);
    reply.retries.push({ attempt, code, message, atMs, nextMs: parsed(nextAttemptAt) });
    reply.version += 1;
    this.lostAttempts += 1;
    this.news = `attempt ${attempt} failed (${code}), trying again`;
  }

  #modelChanged({ model, from, reason, message }: Of<"model.changed">, atMs: number): void {
    this.model = model;
    const isPlanned = reason === "routed" || reason === "answers";
    const isBack = reason === "returned";
    const why = isPlanned ? `${model}: ${message}` : `${model} instead of ${from}: ${message}`;
    const tone = isPlanned || isBack ? "info" : "warning";
    this.#note(tone, isBack ? `back to ${model}` : why, atMs);
    this.news = `${shownLine(model, 40)} is asked now`;
  }

  #replyFinished(event: Of<"reply.finished">, atMs: number): void {
    const { turn, stopReason, text, costUsd, crashTaxUsd, spentUsd, capUsd } = event;
    const { inputTokens, outputTokens } = event;
    const reply = this.#replyAt(turn, atMs);
    this.offline ||= event.offline;
    if (reply.blocks.join("") !== text) {
      reply.isMended = true;
      reply.blocks.length = 0;
      appendText(reply.blocks, text);
    }
    Object.assign(reply, { isOpen: false, stopReason, costUsd, crashTaxUsd, outputTokens });
    reply.free = event.free === true;
    reply.attempt = event.attempt;
    reply.toMs = atMs;
    reply.version += 1;
    this.#reply = null;
    this.costs.push({ turn, costUsd, crashTaxUsd });
    this.model = event.model;
    const { figures } = this;
    this.figures = {
      spentUsd,
      capUsd,
      turns: turn,
      inputTokens: figures.inputTokens + inputTokens,
      outputTokens: figures.outputTokens + outputTokens,
    };
    this.news = `turn ${turn} finished, ${usd(spentUsd)} spent`;
  }

  #tool(event: OfTool, atMs: number): void {
    const { callId, tool, turn } = event;
    const item = this.#toolItem(callId, { tool, turn, atMs });
    if (event.type === "tool.started") item.input = event.preview;
    if (event.type === "tool.progress") item.progress = progressText(event);
    if (event.type === "tool.retrying") {
      const { attempt, code, message, nextAttemptAt } = event;
      item.retries.push({ attempt, code, message, atMs, nextMs: parsed(nextAttemptAt) });
    }
    if (event.type === "tool.finished") {
      item.output = event.preview;
      item.isError = event.isError;
      item.toMs = atMs;
      item.fromMs = Math.min(item.fromMs, atMs - event.durationMs);
      item.durationMs = event.durationMs;
      this.#tools.delete(callId);
      this.news = `${tool} ${event.isError ? "failed" : "finished"}`;
    }
    item.version += 1;
  }

  #toolItem(callId: string, of: { tool: string; turn: number; atMs: number }): ToolItem {
    const { tool, turn, atMs } = of;
    const known = this.#tools.get(callId);
    if (known !== undefined) return known;
    const item: ToolItem = this.#add({
      ...this.#fresh(),
      kind: "tool",
      callId,
      tool,
      turn,
      input: "",
      progress: "",
      output: null,
      isError: false,
      retries: [],
      fromMs: atMs,
      toMs: null,
      durationMs: null,
    });
    this.#tools.set(callId, item);
    return item;
  }

  #person({ item, news }: ReturnType<PeopleItems["take"]>, atMs: number): void {
    if (item === null) this.#note("info", news, atMs);
    else if (!this.items.includes(item)) this.#add(Object.assign(item, this.#fresh()));
    this.news = news;
  }

  #waits(event: Of<"run.waiting">, atMs: number): void {
    this.#waitOver(atMs);
    this.waiting = event.reason;
    if (event.reason === "approval" || event.reason === "question") return;
    const text = `waiting (${event.reason}): ${event.message}`;
    this.#wait = this.#note("wait", text, atMs);
    this.#replyWaits(true);
    this.news = `the run waits: ${event.reason}`;
  }

  #continued(event: Of<"run.continued">, atMs: number): void {
    this.#waitOver(atMs);
    if (event.reason === "new_history") this.#note("info", "goes on in a fresh history", atMs);
    if (event.reason === "reset") {
      this.#note("warning", "the run was reset, and goes on from an earlier point", atMs);
    }
  }

  #resumed({ by, addedUsd, capUsd }: Of<"run.resumed">, atMs: number): void {
    const who = by === "" ? "" : ` by ${shownLine(by, 40)}`;
    this.figures = { ...this.figures, capUsd };
    if (addedUsd > 0) {
      this.#note("info", `${usd(addedUsd)} added${who}: it may cost ${usd(capUsd)}`, atMs);
    }
    this.news = `the run was resumed${who}`;
  }

  #replyWaits(isWaiting: boolean): void {
    if (this.#reply === null || this.#reply.isWaiting === isWaiting) return;
    this.#reply.isWaiting = isWaiting;
    this.#reply.version += 1;
  }

  #waitOver(atMs: number): void {
    this.waiting = null;
    this.#replyWaits(false);
    if (this.#wait === null) return;
    this.#wait.toMs = atMs;
    this.#wait.version += 1;
    this.#wait = null;
  }

  #ended(event: Of<"run.ended">, atMs: number): void {
    const { result } = event;
    this.#waitOver(atMs);
    if (this.#reply !== null) {
      Object.assign(this.#reply, { isOpen: false, toMs: atMs });
      this.#reply.version += 1;
    }
    for (const item of [...this.#tools.values(), ...this.#people.takeOpen()]) {
      item.toMs = atMs;
      item.version += 1;
    }
    this.#tools.clear();
    this.result = result;
    this.offline ||= result.offline;
    this.free = result.free === true;
    this.figures = {
      spentUsd: result.costUsd,
      capUsd: this.figures.capUsd,
      turns: result.turns,
      inputTokens: result.usage.inputTokens,
      outputTokens: result.usage.outputTokens,
    };
    this.#add({ ...this.#fresh(), kind: "end", result, atMs });
    this.news = `the run ended: ${result.outcome.kind}, ${usd(result.costUsd)}, ${duration(result.durationMs)}`;
  }

  #note(tone: NoteItem["tone"], text: string, atMs: number): NoteItem {
    return this.#add({ ...this.#fresh(), kind: "note", tone, text, fromMs: atMs, toMs: null });
  }

  #add<One extends Item>(item: One): One {
    this.items.push(item);
    return item;
  }

  #fresh(): { key: number; version: number } {
    return { key: this.items.length, version: 0 };
  }
}

function isOfModel(event: RunEvent): event is OfModel {
  return event.type.startsWith("model.");
}

type OfTool = Of<"tool.started" | "tool.retrying" | "tool.progress" | "tool.finished">;
type OfReply = Of<"reply.delta" | "reply.progress" | "reply.withdrawn" | "reply.finished">;

function isOfReply(event: RunEvent): event is OfReply {
  return event.type.startsWith("reply.");
}

function isOfRun(event: RunEvent): event is OfRun {
  return event.type.startsWith("run.");
}

function parsed(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}
