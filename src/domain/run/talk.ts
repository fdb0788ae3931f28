// The conversation: where its transcript ends, what is new since, and what the model has said of its task.
//
//   R1. The transcript only grows. Where it grows too long, the run goes on from a summary, on a branch of it.

import type { Entry, Reply } from "../call.ts";
import { INTERRUPTED } from "../call.ts";
import { fittingText } from "../json-size.ts";
import { hasOpenServerCall, textOf } from "../message.ts";
import { isAside, isStep } from "../purpose.ts";
import { promptTokens } from "../usage.ts";
import { answeredAtOnce, answersIn, areAnswered, callsWith, refusedCalls } from "./calls.ts";
import type { RunFact } from "./facts.ts";
import { isHandedOn } from "./handed-on.ts";
import { fateOfCalls } from "./reply-calls.ts";
import type { Opened } from "./snapshot.ts";
import type { Asking, InLane, Memory, RunState, Talk, Trouble } from "./state.ts";
import { branchFrom, whyNoSummary } from "./summary.ts";

/** The answer travels with the task and the snapshot in one payload of at most 2 MiB. */
export const ANSWER_BYTES_MAX = 448 * 1024;
const ANSWER_CUT = "\n[cut here: the answer is longer than a result can be]";
export const FINDINGS_BYTES_MAX = 32 * 1024;

export function newTalk({ snapshot, head, taskRef }: Opened): Talk {
  return {
    head,
    headTokens: 0,
    weighedBy: snapshot.model,
    entries: [{ ref: taskRef }],
    endsWithNote: false,
    asking: null,
    onlyAnswers: false,
    trouble: null,
    answer: null,
    answerIsCut: false,
    findings: null,
    refusedCalls: 0,
  };
}

export function foldTalk(talk: Talk, fact: RunFact, before: RunState): Talk {
  const { phase, memory } = before;
  if (fact.kind === "asked") {
    const { purpose, entries } = fact.call;
    return isStep(purpose) ? { ...talk, entries: withoutNote(entries) } : talk;
  }
  if (fact.kind === "replied" && memory !== null) {
    const isCall = phase.kind === "asking" || phase.kind === "inLane";
    return isCall ? withReply(talk, fact, { memory, phase }) : talk;
  }
  const calls = callsWith(before, fact);
  if (calls === null || !areAnswered(calls)) return talk;
  const { entries, findings } = answersIn(calls);
  return { ...talk, entries, findings: fitting(findings) };
}

interface Replied {
  readonly memory: Memory;
  readonly phase: Asking | InLane;
}

function withReply(talk: Talk, reply: Reply, { memory, phase }: Replied): Talk {
  const { call } = phase;
  if (isHandedOn(memory, call, reply)) return talk;
  const { purpose } = call;
  if (isAside(purpose)) return talk;
  switch (purpose.kind) {
    case "summary":
      return whyNoSummary(memory.summaries, reply) === null ? onBranch(talk, memory, reply) : talk;
    case "wrap_up":
      return said({ ...grown(talk, reply, phase), answerIsCut: false }, reply);
    case "work": {
      const after = said(grown(talk, reply, phase), reply);
      return {
        ...after,
        trouble: troubleIn(talk.trouble, reply),
        ...settledAtOnce(memory, reply),
        refusedCalls: talk.refusedCalls + answeredAtOnce(memory, reply).length,
      };
    }
  }
}

/** A reply without content leaves no message behind, so what was asked is still the end. */
function grown(talk: Talk, reply: Reply, { call }: Asking | InLane): Talk {
  const endedWithNote =
    endsInNote(call.entries) || (call.entries.length === 0 && talk.endsWithNote);
  return {
    ...talk,
    head: reply.head,
    headTokens: promptTokens(reply.usage) + reply.usage.outputTokens,
    weighedBy: call.course.model,
    entries: [],
    endsWithNote: endedWithNote && reply.message.content.length === 0,
    asking: askingIn(reply),
    onlyAnswers: hasOpenServerCall(reply.message),
  };
}

function askingIn({ ref, toolCalls }: Reply): Talk["asking"] {
  const calls = toolCalls.map(({ callId, toolUseId }) => ({ callId, toolUseId }));
  return calls.length === 0 ? null : { ref, calls };
}

/** A refusal is no answer; what comes behind a cut one continues it, whatever lay between. */
function said(talk: Talk, reply: Reply): Talk {
  const text = textOf(reply.message);
  if (reply.stopReason === "refusal") return talk;
  const isCut = reply.stopReason === "max_tokens";
  if (text === "")
    return reply.toolCalls.length > 0 ? { ...talk, answerIsCut: isCut && talk.answerIsCut } : talk;
  const answer = talk.answerIsCut ? (talk.answer ?? "") + text : text;
  return {
    ...talk,
    answer: fittingText(answer, ANSWER_BYTES_MAX, ANSWER_CUT),
    answerIsCut: isCut,
  };
}

/** Calls that were cut are never executed, and are answered at once; so is a reply whose calls are all refused. */
function settledAtOnce(memory: Memory, reply: Reply): Partial<Talk> {
  const answered = refusedCalls(memory, reply);
  if (answered === null) return {};
  const { entries, findings } = answersIn(answered);
  return { entries, ...(fateOfCalls(reply) === "cut" ? {} : { findings: fitting(findings) }) };
}

function fitting(findings: string): string {
  return fittingText(findings, FINDINGS_BYTES_MAX, "…");
}

/** What is still to be told to the model (tool answers, what people said) stays so on the branch. */
function onBranch(talk: Talk, memory: Memory, summary: Reply): Talk {
  return {
    ...talk,
    head: memory.genesis,
    headTokens: 0,
    entries: [...branchFrom(memory, summary), ...talk.entries],
  };
}

/** How often in a row the model has now stumbled over the same; whatever else comes forgets it. */
function troubleIn(before: Trouble | null, reply: Reply): Trouble | null {
  const kind = troubleOf(reply);
  if (kind === null) return null;
  return { kind, times: before?.kind === kind ? before.times + 1 : 1 };
}

function troubleOf(reply: Reply): Trouble["kind"] | null {
  if (fateOfCalls(reply) === "due") return reply.invalidCalls.length === 0 ? null : "unreadable";
  switch (reply.stopReason) {
    case "tool_use":
      return "empty";
    case "end_turn":
    case "stop_sequence":
      return textOf(reply.message) === "" ? "empty" : null;
    case "max_tokens":
      return "cut";
    case "pause_turn":
      return "paused";
    case INTERRUPTED:
    default:
      return null;
  }
}

export function endsInNote(entries: readonly Entry[]): boolean {
  const last = entries.at(-1);
  return last !== undefined && "message" in last && last.message.role === "system";
}

function withoutNote(entries: readonly Entry[]): readonly Entry[] {
  return endsInNote(entries) ? entries.slice(0, -1) : entries;
}
