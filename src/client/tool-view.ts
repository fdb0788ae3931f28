// What viewers are told of the tool calls of a run: which began, which are tried again, how each ended.

import type { Reply } from "../domain/call.ts";
import { isToolResult } from "../domain/message.ts";
import { answeredAtOnce } from "../domain/run/calls.ts";
import { isHandedOn } from "../domain/run/handed-on.ts";
import type { ToolFinished, ToolProgress, ToolRetrying, ToolStarted } from "../domain/run-event.ts";
import type { RunFact } from "../domain/run/facts.ts";
import type { CallState } from "../domain/run/state.ts";
import type { DeltaRow, MarkDelta } from "../store/deltas.ts";
import type { EventBody } from "./event-body.ts";
import type { Told } from "./history-facts.ts";
import type { ToldRun } from "./told-run.ts";

/** What the rows of an attempt say of its tool. */
type ToolSaid =
  EventBody<ToolRetrying | ToolProgress> extends infer Body
    ? Body extends { readonly turn: number }
      ? Omit<Body, "turn">
      : never
    : never;

interface InFlight {
  readonly activityId: string;
  readonly tool: string;
  readonly sinceMs: number;
  /** The viewer resumed while the call was under way: what it knows of its retries is not known. */
  readonly resumedBehind: boolean;
}

type ToolEnd = Extract<RunFact, { kind: "toolEnded" | "toolLost" }>;
type ToolFact = ToolEnd | Extract<RunFact, { kind: "toolBegan" | "toolAsked" }>;
type ToolNews = EventBody<ToolStarted | ToolFinished>;

const PREVIEW_CHARS = 200;

function preview(content: string): string {
  const line = content.replace(/\s+/g, " ").trim();
  return line.length <= PREVIEW_CHARS
    ? line
    : `${line.slice(0, PREVIEW_CHARS - 1).toWellFormed()}…`;
}

/** Of calls that were answered with their reply, as nobody executes them: a person sees them like any other. */
export function refusedNews(
  { state: { memory, phase } }: ToldRun,
  reply: Reply,
): readonly ToolNews[] {
  if (memory === null || (phase.kind !== "asking" && phase.kind !== "inLane")) return [];
  const { call } = phase;
  if (call.purpose.kind !== "work" || isHandedOn(memory, call, reply)) return [];
  return answeredAtOnce(memory, reply).flatMap((refused) => [
    startOf(refused, call.turn),
    refusalOf(refused, call.turn),
  ]);
}

function refusalOf(call: CallState, turn: number): ToolNews {
  const { callId, name: tool } = call;
  const entry = call.kind === "answered" ? call.entry : null;
  const [answer] = entry !== null && "message" in entry ? entry.message.content : [];
  const shown = preview(answer !== undefined && isToolResult(answer) ? answer.content : "");
  return {
    type: "tool.finished",
    turn,
    callId,
    tool,
    isError: true,
    preview: shown,
    durationMs: 0,
  };
}

export class ToolView {
  /** By call: one that is executed once more, because its transcript was lost, has another activity. */
  readonly #inFlight = new Map<string, InFlight>();

  /** Activities whose attempts may be writing rows now. */
  inFlight(): readonly string[] {
    return Array.from(this.#inFlight.values(), ({ activityId }) => activityId);
  }

  /** `resumedBehind`: the viewer has seen this, and perhaps more. */
  news(
    told: Told,
    fact: ToolFact,
    { state: { phase } }: ToldRun,
    resumedBehind: boolean,
  ): readonly ToolNews[] {
    if (phase.kind !== "answering") return [];
    const call = phase.calls.find(({ callId }) => callId === fact.callId);
    if (call?.kind !== "cleared" && call?.kind !== "running") return [];
    // Of an inline tool the end is all that is heard. One that goes on with answers has begun before.
    const isFirst = call.kind === "cleared" && call.heard === undefined;
    const started = isFirst ? [startOf(call, phase.turn)] : [];
    if (fact.kind === "toolAsked") this.#inFlight.delete(call.callId);
    if (fact.kind === "toolAsked") return started;
    if (fact.kind !== "toolBegan") return [...started, this.#end(told, fact, call, phase.turn)];
    const { activityId = "", atMs: sinceMs } = told;
    this.#inFlight.set(call.callId, { activityId, tool: call.name, sinceMs, resumedBehind });
    return started;
  }

  #end(told: Told, fact: ToolEnd, { callId, name: tool }: CallState, turn: number): ToolNews {
    const sinceMs = this.#inFlight.get(callId)?.sinceMs ?? told.atMs;
    this.#inFlight.delete(callId);
    const { isError, content, durationMs } = told.toolResult ?? {
      isError: true,
      content: fact.kind === "toolLost" ? `${fact.code || "FAILED"}: ${fact.message}` : "",
      durationMs: told.atMs - sinceMs,
    };
    const shown = preview(content);
    return { type: "tool.finished", turn, callId, tool, isError, preview: shown, durationMs };
  }

  /**
   * Marks are told as they come. A viewer that resumed in the middle of a call is not told what was
   * written before: nothing says which of it it has seen, and nothing is told twice.
   */
  said(activityId: string, rows: readonly DeltaRow[]): readonly ToolSaid[] {
    const found = [...this.#inFlight].find(([, call]) => call.activityId === activityId);
    if (found === undefined) return [];
    const [callId, call] = found;
    if (call.resumedBehind) {
      this.#inFlight.set(callId, { ...call, resumedBehind: false });
      return [];
    }
    return rows.flatMap((row) => (row.kind === "text" ? [] : saidIn(row, callId, call.tool)));
  }
}

function saidIn({ mark, attempt }: MarkDelta, callId: string, tool: string): readonly ToolSaid[] {
  if (mark.kind === "progress") {
    const { text, share } = mark;
    return [{ type: "tool.progress", callId, tool, text, share }];
  }
  if (mark.kind !== "failed" || mark.nextAttemptAt === null) return [];
  const { code, message, nextAttemptAt } = mark;
  return [{ type: "tool.retrying", callId, tool, attempt, code, message, nextAttemptAt }];
}

function startOf({ callId, name: tool, preview: shown }: CallState, turn: number): ToolNews {
  return { type: "tool.started", turn, callId, tool, preview: shown };
}
