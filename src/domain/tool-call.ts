// One call of a tool, as the workflow and its activities speak of it. Calls are named by us: what the provider
// calls them goes over the wire and nowhere else, since nothing keeps it from using a name twice.

import type { Effect } from "./effect.ts";
import type { Outcome } from "./outcome.ts";
import type { Heard, Question } from "./question.ts";
import type { PinnedTool, ToolCall } from "./tool.ts";

/** `<turn>.<index>`, both from 1: unique in its run. The index is the call's place among those of its reply. */
export function callIdOf(turn: number, index: number): string {
  return `${turn}.${index}`;
}

/** The call's place among those of its reply, from 1; NaN of a name that is none of ours. */
export function placeInReply(callId: string): number {
  return Number(/^[1-9]\d*\.([1-9]\d*)$/.exec(callId)?.[1] ?? NaN);
}

/** `[2]`: how people name a call among those that wait, wherever it is shown. */
export function callNumber(callId: string): string {
  const place = placeInReply(callId);
  return Number.isNaN(place) ? "[?]" : `[${place}]`;
}

/** `<run>/<turn>/<index>`: the same for all attempts of a call, and for no other call of any run. */
export function callKeyOf(runId: string, callId: string): string {
  return `${runId}/${callId.replace(".", "/")}`;
}

export interface RunToolInput {
  readonly turn: number;
  readonly tenant: string;
  readonly callId: string;
  readonly tool: string;
  /** The reply that holds the call and its arguments. */
  readonly replyRef: string;
  /** Why the call may be made. */
  readonly clearance: Clearance;
  /** Of a tool that others may change. */
  readonly pinned?: PinnedTool;
  /** What a person answered; absent where the tool has asked nothing. */
  readonly heard?: Heard;
}

/** The guardrail's word on a call that is made, or a person's. */
export interface Clearance {
  readonly verdict: "allowed" | "approved";
  readonly reason: string;
  /** Who approved. */
  readonly by?: string;
  /** What was approved: the tool looks whether the arguments still are these. */
  readonly argsDigest?: string;
  /** Executed instead of the model's arguments. */
  readonly editedInput?: Readonly<Record<string, unknown>>;
}

export type RunToolResult = ToolAnswered | ToolAskedResult;

/** The tool asks a person, and is executed again with what they answer. */
export interface ToolAskedResult {
  readonly callId: string;
  readonly asks: readonly Question[];
  readonly resume: string | null;
}

export interface ToolAnswered extends Pick<ToolCall, "callId" | "toolUseId"> {
  readonly tool: string;
  readonly ref: string;
  /** What the model sees, ≤ 64 KiB. */
  readonly content: string;
  readonly isError: boolean;
  /** Absent where what the call was for has happened. */
  readonly effect?: "none" | "unknown";
  readonly durationMs: number;
}

/** What the activity is told that takes one back. */
export interface CompensateInput {
  /** Whose effect it is: no run of the workflow's own where one that has ended is undone. */
  readonly runId: string;
  readonly tenant: string;
  readonly effect: Omit<Effect, "undo">;
  /** What the run comes to behind it, or had come to before. */
  readonly outcome: Outcome;
}
