// What is known of the tool calls of a run: which began, which are under way, how each ended.

import type { ToolCall, ToolSpec } from "../domain/tool.ts";
import type { DeltaRow } from "../store/deltas.ts";
import type { Fact } from "./history-fact.ts";

type Begun = Extract<Fact, { kind: "toolScheduled" }>;
type Ended = Extract<Fact, { kind: "toolFinished" | "toolFailed" }>;

export interface ToolEnd {
  readonly callId: string;
  readonly tool: string;
  /** False for a tool inside the workflow task: its end is the first that is heard of it. */
  readonly wasStarted: boolean;
  readonly isError: boolean;
  readonly content: string;
  readonly durationMs: number;
}

export interface ToolRetry {
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  readonly nextAttemptAt: string | null;
}

interface InFlight {
  readonly begun: Begun;
  /** The viewer resumed while the call was under way: what it knows of its retries is not known. */
  resumedBehind: boolean;
}

const PREVIEW_CHARS = 200;

export function preview(content: string): string {
  const line = content.replace(/\s+/g, " ").trim();
  return line.length <= PREVIEW_CHARS
    ? line
    : `${line.slice(0, PREVIEW_CHARS - 1).toWellFormed()}…`;
}

export class ToolView {
  readonly #inFlight = new Map<number, InFlight>();
  #calls: readonly ToolCall[] = [];
  readonly #heardOf = new Set<string>();

  /** The calls that a reply asks for. */
  announce(calls: readonly ToolCall[]): void {
    this.#calls = calls;
  }

  previewOf(callId: string): string {
    return this.#calls.find((call) => call.callId === callId)?.preview ?? "";
  }

  inFlight(): readonly string[] {
    return [...this.#inFlight.values()].map(({ begun }) => begun.activityId);
  }

  begin(begun: Begun, resumedBehind: boolean): void {
    this.#heardOf.add(begun.input.callId);
    this.#inFlight.set(begun.eventId, { begun, resumedBehind });
  }

  /** Null where the end says nothing about the call: it will be repeated, or it can't be told which. */
  end(ended: Ended, specs: readonly ToolSpec[]): ToolEnd | null {
    const begun = ended.scheduledId === null ? null : this.#inFlight.get(ended.scheduledId)?.begun;
    if (ended.scheduledId !== null) this.#inFlight.delete(ended.scheduledId);
    if (ended.kind === "toolFinished") return this.#finished(ended.result);
    if (ended.failure.code === "TRANSCRIPT_MISSING") return null;
    const call = begun?.input ?? this.#failedInline(specs);
    if (call === undefined || call === null) return null;
    const durationMs = begun == null ? 0 : ended.atMs - begun.atMs;
    const content = `${ended.failure.code}: ${ended.failure.message}`;
    return this.#finished({ ...call, isError: true, content, durationMs });
  }

  /**
   * Marks are told as they come. A viewer that resumed in the middle of a call is not told what was
   * written before: nothing says which of it it has seen, and nothing is told twice.
   */
  retries(activityId: string, rows: readonly DeltaRow[]): readonly ToolRetry[] {
    const call = [...this.#inFlight.values()].find(({ begun }) => begun.activityId === activityId);
    if (call === undefined) return [];
    const { callId, tool } = call.begun.input;
    const isOld = call.resumedBehind;
    call.resumedBehind = false;
    if (isOld) return [];
    return rows.flatMap((row) => {
      if (row.kind === "text" || row.mark.kind === "started") return [];
      const { code, message, nextAttemptAt } = row.mark;
      if (nextAttemptAt === null) return [];
      return [{ callId, tool, attempt: row.attempt, code, message, nextAttemptAt }];
    });
  }

  #finished(end: Omit<ToolEnd, "wasStarted">): ToolEnd {
    const { callId, tool, isError, content, durationMs } = end;
    const wasStarted = this.#heardOf.has(callId);
    this.#heardOf.add(callId);
    return { callId, tool, isError, content, durationMs, wasStarted };
  }

  /** A marker of a failure does not name its call: the first inline call not heard of yet. */
  #failedInline(specs: readonly ToolSpec[]): { callId: string; tool: string } | null {
    const inline = new Set(specs.filter((spec) => spec.inline).map((spec) => spec.name));
    const call = this.#calls.find(
      ({ callId, name }) => inline.has(name) && !this.#heardOf.has(callId),
    );
    return call === undefined ? null : { callId: call.callId, tool: call.name };
  }
}
