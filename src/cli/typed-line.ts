// What a line means that a person types while they watch a run: a word on the oldest call that waits
// for approval, or else a message to the run. Pure.

import type { ApprovalRequested } from "../domain/run-event.ts";
import type { Decision } from "../domain/approval.ts";

export type TypedLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string; readonly mode: "queue" | "interrupt" }
  | { readonly kind: "decide"; readonly decision: Omit<Decision, "by"> }
  | { readonly kind: "problem"; readonly message: string };

export const TYPING_HINT =
  "Type a line to tell the run something; !line stops the reply in flight first.";
export const APPROVAL_HINT =
  "  a approve · d [why] deny · A always in this run · e {json} with other arguments";

type WaitingCall = Pick<ApprovalRequested, "callId" | "argsDigest">;

export function meaningOf(line: string, oldest: WaitingCall | null): TypedLine {
  const text = line.trim();
  if (text === "" || text === "!") return { kind: "nothing" };
  const asked = oldest === null ? null : wordOn(text, oldest);
  if (asked !== null) return asked;
  return text.startsWith("!")
    ? { kind: "say", text: text.slice(1).trim(), mode: "interrupt" }
    : { kind: "say", text, mode: "queue" };
}

/** Null where the line is none of the four words. */
function wordOn(text: string, { callId, argsDigest }: WaitingCall): TypedLine | null {
  const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const call = { callId, argsDigest };
  const isAlone = rest === "";
  if (word === "a" && isAlone) {
    return { kind: "decide", decision: { ...call, verdict: "approve" } };
  }
  if (word === "A" && isAlone) {
    return { kind: "decide", decision: { ...call, verdict: "approve", always: true } };
  }
  if (word === "d") {
    const reason = isAlone ? {} : { reason: rest };
    return { kind: "decide", decision: { ...call, verdict: "deny", ...reason } };
  }
  if (word !== "e") return null;
  const editedInput = objectIn(rest);
  return editedInput === null
    ? { kind: "problem", message: 'After e comes a JSON object, such as e {"path": "notes.txt"}' }
    : { kind: "decide", decision: { ...call, verdict: "approve", editedInput } };
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
