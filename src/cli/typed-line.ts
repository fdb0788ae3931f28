// What a line means that a person types while they watch a run: a word on a call that waits for approval, or an
// answer to a tool that asks, and stands whole on the screen; or else a message to the run. Pure.

import type { Decision } from "../domain/approval.ts";
import type { AnswerGiven, QuestionsShown } from "../domain/question.ts";
import { callNumber } from "../domain/tool-call.ts";
import { answersFrom, declined, objectIn } from "./answer-words.ts";

export type TypedLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string; readonly mode: "queue" | "interrupt" }
  | { readonly kind: "decide"; readonly decision: Omit<Decision, "by"> }
  | { readonly kind: "answer"; readonly answer: Omit<AnswerGiven, "by"> }
  | { readonly kind: "problem"; readonly message: string };

export const TYPING_HINT =
  "Type a line to tell the run something; !line stops the reply in flight first.";
export const APPROVAL_HINT =
  "  a approve · d [why] deny · A always in this run · e {json} with other arguments · of several: a 2";

export const ANSWER_HINT =
  '  r yes, r text or r {"name": …} answers · d declines · of several: r 2 text · field by field: pawl answer';

/** A call as it stands on the screen. */
export interface WaitingCall {
  readonly callId: string;
  readonly argsDigest: string;
  /** Of one whose tool asks: what is to be answered; absent of an approval. */
  readonly asks?: Pick<QuestionsShown, "round" | "questions">;
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

/** Null where the line is none of the five words. */
function wordOn(text: string, waiting: readonly WaitingCall[]): TypedLine | null {
  if (/^(y|yes|n|no)$/i.test(text)) return problem("Type a to approve, or d to deny.");
  const answer = /^r\s+(.*)$/s.exec(text)?.[1];
  if (answer !== undefined) return answerOf(answer, waiting);
  const [, word, number, rest = ""] = /^([aAde])(?:\s+(\d+))?(?:\s+(.*))?$/s.exec(text) ?? [];
  const isWord = word !== undefined && (rest === "" || word === "d" || word === "e");
  if (!isWord) return null;
  const call = meant(number, waiting);
  if ("message" in call) return call;
  if (call.asks === undefined) return decisionOn(call, word, rest);
  if (word !== "d") return problem("It asks something: say r and the answer, or d to decline.");
  const { round, questions } = call.asks;
  const { callId } = call;
  return { kind: "answer", answer: { callId, round, answers: declined(questions) } };
}

/** Null where no tool asks: then it is a message like any other. */
function answerOf(text: string, waiting: readonly WaitingCall[]): TypedLine | null {
  const asking = waiting.filter(({ asks }) => asks !== undefined);
  if (asking.length === 0) return null;
  const [, number, rest] = /^(\d+)\s+(.*)$/s.exec(text) ?? [];
  const named = asking.find(({ callId }) => callNumber(callId) === `[${number}]`);
  const call = named ?? meant(undefined, asking);
  if ("message" in call) return problem(call.message.replace("a 2", "r 2 text"));
  if (call.problem !== null) return problem(call.problem);
  const { round = 0, questions = [] } = call.asks ?? {};
  const said = answersFrom(questions, named === undefined ? text : (rest ?? ""));
  if ("problem" in said) return problem(said.problem);
  return { kind: "answer", answer: { callId: call.callId, round, answers: said.answers } };
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
