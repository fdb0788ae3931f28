// Events as lines of text, for a terminal and for a log alike. Null where an event has no line of its
// own. What came from a model or a tool is spelled out here.

import type {
  ApprovalDecided,
  ApprovalRequested,
  BudgetWarning,
  LimitLowered,
  MessageReceived,
  ModelChanged,
  ModelRetrying,
  RunContinued,
  RunEvent,
  RunResumed,
  RunWaiting,
  WaitReason,
  QuestionAnswered,
  QuestionAsked,
  ReplyFinished,
  ReplyProgress,
  ReplyWithdrawn,
  ToolCompensated,
  ToolFinished,
  ToolProgress,
  ToolRetrying,
  ToolStarted,
  TurnStarted,
  UsageEstimated,
} from "../domain/run-event.ts";
import { ACCOUNT_LIMITS } from "../domain/outcome.ts";
import { INTERRUPTED } from "../domain/call.ts";
import { traitsOf, type PurposeKind } from "../domain/purpose.ts";
import { shownCall, shownId, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import type { Output } from "./context.ts";
import { questionLines } from "./answer-words.ts";
import { duration, usd } from "./format.ts";
import { questionText } from "./question.ts";

type Place = Pick<Output, "columns">;

export type Tone = "plain" | "dim" | "good" | "warn" | "bad";

export interface Line {
  readonly tone: Tone;
  readonly text: string;
}

/** `place`: where the line is written; one that is wide takes longer rows. */
// oxlint-disable-next-line eslint/complexity -- one case for each kind of event
export function lineOf(event: RunEvent, place: Place = {}): Line | null {
  switch (event.type) {
    case "run.started":
      return { tone: "dim", text: `${shownId(event.runId)} · agent ${shownLine(event.agent)}` };
    case "input.flagged":
      return {
        tone: "warn",
        text: `! ${event.messageId === undefined ? "the task" : "a message"} meets the rule ${shownLine(event.rule)} at character ${event.position}`,
      };
    case "model.retrying":
    case "model.changed":
    case "reply.withdrawn":
    case "reply.finished":
      return replyLine(event);
    case "tool.started":
    case "tool.retrying":
    case "tool.finished":
    case "tool.compensated":
      return toolLine(event);
    case "approval.requested":
    case "approval.decided":
    case "question.asked":
    case "question.answered":
    case "message.received":
      return peopleLine(event, place);
    case "budget.warning":
    case "run.waiting":
    case "run.resumed":
    case "run.continued":
      return courseLine(event);
    case "limit.lowered":
    case "usage.estimated":
      return moneyLine(event);
    case "turn.started":
      return purposeLine(event);
    case "reply.progress":
    case "tool.progress":
      return { tone: "dim", text: progressText(event) };
    case "reply.delta":
    case "run.ended":
      return null;
  }
}

/** A sign of life, where nothing else is heard of a reply or of a tool. */
export function progressText(event: ReplyProgress | ToolProgress): string {
  const tool = shownLine(event.tool, 60);
  if (event.type === "reply.progress") {
    return `… writing arguments of ${tool}, ${event.chars.toLocaleString("en-US")} characters`;
  }
  const { share, text } = event;
  return `… ${tool} ${share === null ? "" : `${Math.floor(share * 100)} % `}${shownLine(text)}`;
}

function moneyLine(event: LimitLowered | UsageEstimated): Line {
  if (event.type === "usage.estimated")
    return { tone: "warn", text: `! ${ESTIMATED[event.reason]}` };
  const { limit, asked, allowed } = event;
  const inUnits = limit === "cost" ? usd : (n: number): string => n.toLocaleString("en-US");
  const what = limit === "cost" ? "" : ` ${limit.replaceAll("_", " ")}`;
  const text = `! ${inUnits(asked)}${what} was asked, and no more than ${inUnits(allowed)} is allowed here`;
  return { tone: "warn", text };
}

const ESTIMATED: Readonly<Record<UsageEstimated["reason"], string>> = {
  uncounted: "the provider counts no tokens; costs are worst cases",
  implausible: "what the provider counts can't be true; the worst case is charged instead",
};

/** Of the others their title says enough. */
const PURPOSE: Readonly<Partial<Record<PurposeKind, string>>> = {
  wrap_up: "! a limit is reached; the model sums up, without tools",
  summary: "! the conversation grows too long; the model sums it up and goes on from there",
};

function courseLine(event: BudgetWarning | RunWaiting | RunResumed | RunContinued): Line | null {
  switch (event.type) {
    case "budget.warning":
      return { tone: "warn", text: `! ${budget(event.limit, event.used, event.cap)}` };
    case "run.waiting":
      return waitLine(event);
    case "run.resumed":
      return resumeLine(event);
    case "run.continued":
      return continueLine(event);
  }
}

function replyLine(
  event: ModelRetrying | ModelChanged | ReplyWithdrawn | ReplyFinished,
): Line | null {
  switch (event.type) {
    case "model.retrying":
      return retryLine("", event);
    case "model.changed":
      return changeLine(event);
    case "reply.withdrawn":
      return { tone: "warn", text: "↩ the reply was lost; starting over" };
    case "reply.finished":
      return event.stopReason === INTERRUPTED
        ? { tone: "warn", text: "■ interrupted; what was written is kept" }
        : null;
  }
}

function toolLine(event: ToolStarted | ToolRetrying | ToolFinished | ToolCompensated): Line {
  switch (event.type) {
    case "tool.started":
      return {
        tone: "dim",
        text: `→ ${shownLine(event.tool)} ${shownLine(argumentsText(event.preview))}`.trimEnd(),
      };
    case "tool.retrying":
      return retryLine(`${shownLine(event.tool)}: `, event);
    case "tool.finished":
      return toolEndLine(event);
    case "tool.compensated":
      return undoLine(event);
  }
}

function peopleLine(
  event: ApprovalRequested | ApprovalDecided | QuestionAsked | QuestionAnswered | MessageReceived,
  { columns }: Place,
): Line {
  switch (event.type) {
    case "approval.requested":
      return { tone: "warn", text: questionText(event, columns) };
    case "approval.decided":
      return decisionLine(event);
    case "question.asked":
      return { tone: "warn", text: askText(event, columns) };
    case "question.answered":
      return answerLine(event);
    case "message.received":
      return { tone: "plain", text: `» ${shownLine(event.by)}: ${shownLine(event.text, 400)}` };
  }
}

/** A call with one argument reads better without its JSON; one that was shortened stays as it is. */
function argumentsText(preview: string): string {
  try {
    const input: unknown = JSON.parse(preview);
    if (typeof input !== "object" || input === null) return preview;
    const [only, ...more] = Object.values(input).map((value: unknown) => value);
    return typeof only === "string" && more.length === 0 ? only : preview;
  } catch {
    return preview;
  }
}

function retryLine(what: string, event: ModelRetrying | ToolRetrying): Line {
  const { attempt, code, message, nextAttemptAt, ts } = event;
  const failed = `${what}attempt ${attempt} failed (${shownLine(code)}): ${shownLine(message)}`;
  return { tone: "warn", text: `⟳ ${failed}; ${again(nextAttemptAt, ts)}` };
}

function purposeLine({ purpose, model }: TurnStarted): Line | null {
  if (purpose === undefined) return null;
  if (purpose === "route") {
    return { tone: "dim", text: `⇄ ${shownLine(model)} is asked how hard the task is` };
  }
  const warning = PURPOSE[purpose];
  const { title } = traitsOf({ kind: purpose });
  return warning === undefined
    ? { tone: "dim", text: `⇄ ${shownLine(model)}: ${title}` }
    : { tone: "warn", text: warning };
}

function changeLine({ from, model, reason, message }: ModelChanged): Line {
  if (reason === "routed" || reason === "answers") {
    return { tone: "dim", text: `⇄ ${shownLine(model)} · ${shownLine(message)}` };
  }
  return reason === "returned"
    ? { tone: "good", text: `⇄ back to ${shownLine(model)}` }
    : {
        tone: "warn",
        text: `⇄ ${shownLine(model)} instead of ${shownLine(from)}: ${shownLine(message)}`,
      };
}

function toolEndLine({ tool, isError, durationMs, preview }: ToolFinished): Line {
  const text = `${isError ? "✗" : "✓"} ${shownLine(tool)} ${duration(durationMs)} · ${shownLine(preview)}`;
  return { tone: isError ? "bad" : "good", text };
}

function undoLine({ tool, turn, undo, message }: ToolCompensated): Line {
  const what = `${shownLine(tool)} of turn ${turn}`;
  switch (undo) {
    case "undone":
      return { tone: "good", text: `↶ ${what} was undone` };
    case "absent":
      return { tone: "dim", text: `↶ ${what} had changed nothing` };
    case "failed":
      return { tone: "bad", text: `✗ ${what} could not be undone: ${shownLine(message ?? "")}` };
  }
}

function decisionLine(event: ApprovalDecided): Line {
  const { callId, tool, verdict, by, reason, edited, always } = event;
  const who = by === null ? "" : ` by ${shownLine(by)}`;
  const how = `${edited ? ", with other arguments" : ""}${always ? ", always in this run" : ""}`;
  const why = reason === null ? "" : `: ${shownLine(reason, 200)}`;
  const tone = verdict === "approved" ? "good" : "bad";
  const what = `${callNumber(callId)} ${shownLine(tool)}`;
  return { tone, text: `${what} was ${verdict}${who}${how}${why}` };
}

function askText(event: QuestionAsked, columns?: number): string {
  const { callId, tool, questions, deadlineAt } = event;
  return [
    `? ${callNumber(callId)} ${shownLine(tool)} asks`,
    ...questionLines(questions, columns),
    `  pawl answer ${shownCall(event)}; silence cancels at ${deadlineAt}`,
  ].join("\n");
}

function answerLine({ callId, tool, by, actions }: QuestionAnswered): Line {
  const what = `${callNumber(callId)} ${shownLine(tool)}`;
  if (by === null) return { tone: "bad", text: `${what} asked, and nobody answered in time` };
  const said = [...new Set(Object.values(actions))].join(", ");
  const tone = said === "accept" ? "good" : "warn";
  return { tone, text: `${what} was answered by ${shownLine(by)}: ${said}` };
}

/** Each call that waits for a person has a line of its own. */
function waitLine({ reason, message, nextAttemptAt, ts }: RunWaiting): Line | null {
  if (reason === "approval" || reason === "question") return null;
  const next = nextAttemptAt === null ? "until `pawl resume`" : nextText(reason, nextAttemptAt, ts);
  // It may end with what helps.
  return { tone: "warn", text: `⏸ waiting (${reason}): ${shownLine(message, 400)}; ${next}` };
}

/** A batch is no attempt that is made again: it is looked at. */
function nextText(reason: WaitReason, at: string, ts: string): string {
  return reason === "batch" ? `next look at ${momentOf(at, ts)}` : again(at, ts);
}

/** Of a wait that is over another line tells. */
function resumeLine({ by, addedUsd, capUsd }: RunResumed): Line | null {
  if (addedUsd === 0) return null;
  const who = by === "" ? "" : ` by ${shownLine(by)}`;
  return { tone: "good", text: `+ ${usd(addedUsd)} added${who}: the run may cost ${usd(capUsd)}` };
}

/** Moving to a fresh history is nothing that a person needs to know. */
function continueLine({ reason }: RunContinued): Line | null {
  if (reason === "reset") {
    return { tone: "warn", text: "↺ the run was reset, and goes on from an earlier point" };
  }
  return reason === "resumed" ? { tone: "good", text: "▶ the run goes on" } : null;
}

const MONEY: readonly string[] = ACCOUNT_LIMITS;

function budget(limit: string, used: number, cap: number): string {
  const percent = Math.floor((used / cap) * 100);
  const [have, of] = MONEY.includes(limit)
    ? [usd(used), usd(cap)]
    : [used.toLocaleString("en-US"), cap.toLocaleString("en-US")];
  return `${percent} % of the ${limit.replaceAll("_", " ")} budget is used: ${have} of ${of}`;
}

function again(nextAttemptAt: string | null, ts: string): string {
  return nextAttemptAt === null ? "trying again" : `next try at ${momentOf(nextAttemptAt, ts)}`;
}

/** With its date where that is not the day on which it is said. */
function momentOf(at: string, ts: string): string {
  const isSameDay = at.slice(0, 10) === ts.slice(0, 10);
  return `${isSameDay ? at.slice(11, 19) : at.slice(0, 19).replace("T", " ")} UTC`;
}
