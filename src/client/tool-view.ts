// What viewers are told of the tool calls of a run: which began, which are tried again, how each ended. Pure.

import type { ToolFinished, ToolStarted } from "../domain/run-event.ts";
import type { RunFact } from "../domain/run/facts.ts";
import type { CallState } from "../domain/run/state.ts";
import type { DeltaRow } from "../store/deltas.ts";
import type { EventBody } from "./event-body.ts";
import type { Told } from "./history-facts.ts";
import type { ToldRun } from "./told-run.ts";

export interface ToolRetry {
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  readonly nextAttemptAt: string | null;
}

interface InFlight {
  readonly callId: string;
  readonly tool: string;
  readonly sinceMs: number;
  /** The viewer resumed while the call was under way: what it knows of its retries is not known. */
  resumedBehind: boolean;
}

type ToolNews = EventBody<ToolStarted | ToolFinished>;

const PREVIEW_CHARS = 200;

export function preview(content: string): string {
  const line = content.replace(/\s+/g, " ").trim();
  return line.length <= PREVIEW_CHARS
    ? line
    : `${line.slice(0, PREVIEW_CHARS - 1).toWellFormed()}…`;
}

export class ToolView {
  /** By activity. */
  readonly #inFlight = new Map<string, InFlight>();

  inFlight(): readonly string[] {
    return [...this.#inFlight.keys()];
  }

  news(told: Told<RunFact>, before: ToldRun, resumedBehind: boolean): readonly ToolNews[] {
    const { fact } = told;
    const { phase } = before.state;
    if (!("callId" in fact) || phase.kind !== "answering") return [];
    const call = phase.calls.find(({ callId }) => callId === fact.callId);
    if (call === undefined || (call.kind !== "cleared" && call.kind !== "running")) return [];
    // Of an inline tool the end is all that is heard.
    const started = call.kind === "cleared" ? [startOf(call, phase.turn)] : [];
    if (fact.kind !== "toolBegan") return [...started, this.#end(told, call, phase.turn)];
    const { activityId = "", atMs: sinceMs } = told;
    const { callId, name: tool } = call;
    this.#inFlight.set(activityId, { callId, tool, sinceMs, resumedBehind });
    return started;
  }

  #end(told: Told<RunFact>, call: CallState, turn: number): ToolNews {
    const { callId, name: tool } = call;
    const begun = [...this.#inFlight].find(([, inFlight]) => inFlight.callId === callId);
    if (begun !== undefined) this.#inFlight.delete(begun[0]);
    const end = { type: "tool.finished", turn, callId, tool } as const;
    const { fact, toolResult } = told;
    if (toolResult !== undefined) {
      const { isError, content, durationMs } = toolResult;
      return { ...end, isError, preview: preview(content), durationMs };
    }
    const content = fact.kind === "toolLost" ? `${fact.code || "FAILED"}: ${fact.message}` : "";
    const durationMs = begun === undefined ? 0 : told.atMs - begun[1].sinceMs;
    return { ...end, isError: true, preview: preview(content), durationMs };
  }

  /**
   * Marks are told as they come. A viewer that resumed in the middle of a call is not told what was
   * written before: nothing says which of it it has seen, and nothing is told twice.
   */
  retries(activityId: string, rows: readonly DeltaRow[]): readonly ToolRetry[] {
    const call = this.#inFlight.get(activityId);
    if (call === undefined) return [];
    const { callId, tool, resumedBehind: isOld } = call;
    call.resumedBehind = false;
    if (isOld) return [];
    return rows.flatMap((row) => {
      if (row.kind === "text" || row.mark.kind === "started") return [];
      const { code, message, nextAttemptAt } = row.mark;
      if (nextAttemptAt === null) return [];
      return [{ callId, tool, attempt: row.attempt, code, message, nextAttemptAt }];
    });
  }
}

function startOf({ callId, name: tool, preview: shown }: CallState, turn: number): ToolNews {
  return { type: "tool.started", turn, callId, tool, preview: shown };
}
