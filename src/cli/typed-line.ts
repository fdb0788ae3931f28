// What a line means that a person types while they watch a run: a word on a call that waits for approval and
// stands whole on the screen, or else a message to the run. Pure.

import type { Decision } from "../domain/approval.ts";
import { callNumber } from "../domain/tool-call.ts";

export type TypedLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string; readonly mode: "queue" | "interrupt" }
  | { readonly kind: "decide"; readonly decision: Omit<Decision, "by"> }
  | { readonly kind: "problem"; readonly message: string };

export const TYPING_HINT =
  "Type a line to tell the run something; !line stops the reply in flight first.";
export const APPROVAL_HINT =
  "  a approve · d [why] deny · A always in this run · e {json} with other arguments · of several: a 2";

/** A call as it stands on the screen. */
export interface WaitingCall {
  readonly callId: string;
  readonly argsDigest: string;
  /** Why it can't be approved from here; null where it can. */
  readonly problem: string | null;
}

export function meaningOf(line: string, waiting: readonly WaitingCall[]): TypedLine {
  const text = line.trim();
  if (text === "" || text === "!") return { kind: "nothing" };
  const asked = waiting.length === 0 ? null : wordOn(text, waiting);
  if (asked !== null) return asked;
  return text.startsWith("!")
    ? { kind: "say", text: text.slice(1).trim(), mode: "interrupt" }
    : { kind: "say", text, mode: "queue" };
}

/** Null where the line is none of the four words. */
function wordOn(text: string, waiting: readonly WaitingCall[]): TypedLine | null {
  if (/^(y|yes|n|no)$/i.test(text)) return problem("Type a to approve, or d to deny.");
  const [, word, number, rest = ""] = /^([aAde])(?:\s+(\d+))?(?:\s+(.*))?$/s.exec(text) ?? [];
  const isWord = word !== undefined && (rest === "" || word === "d" || word === "e");
  if (!isWord) return null;
  const call = meant(number, waiting);
  return "message" in call ? call : decisionOn(call, word, rest);
}

/** A bare word is one for the only call that waits, and never for one of several. */
function meant(
  number: string | undefined,
  waiting: readonly WaitingCall[],
): WaitingCall | Extract<TypedLine, { kind: "problem" }> {
  const numbers = waiting.map(({ callId }) => callNumber(callId)).join(" ");
  if (number !== undefined) {
    const call = waiting.find(({ callId }) => callNumber(callId) === `[${number}]`);
    return call ?? problem(`No call [${number}] waits here; there is ${numbers}.`);
  }
  const [only, ...more] = waiting;
  if (only !== undefined && more.length === 0) return only;
  return problem(`${waiting.length} calls wait, ${numbers}: say which, as in a 2.`);
}

function decisionOn(call: WaitingCall, word: string, rest: string): TypedLine {
  const { callId, argsDigest } = call;
  if (word === "d") {
    const reason = rest === "" ? {} : { reason: rest };
    return { kind: "decide", decision: { callId, argsDigest, verdict: "deny", ...reason } };
  }
  if (call.problem !== null) return problem(call.problem);
  const approval = { callId, argsDigest, verdict: "approve" } as const;
  if (word === "a") return { kind: "decide", decision: approval };
  if (word === "A") return { kind: "decide", decision: { ...approval, always: true } };
  const editedInput = objectIn(rest);
  return editedInput === null
    ? problem('After e comes a JSON object, such as e {"path": "notes.txt"}')
    : { kind: "decide", decision: { ...approval, editedInput } };
}

function problem(message: string): Extract<TypedLine, { kind: "problem" }> {
  return { kind: "problem", message };
}

function objectIn(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
