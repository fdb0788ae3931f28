// The planner: a small deterministic mind. It reads the task and what the tools have answered, and
// decides the next reply: which tools to call, or what to say. It keeps no state between requests:
// everything it knows is in the conversation, so any server can continue any run.

import type { Draft, DraftBlock } from "../draft.ts";
import { isForced } from "../request-rules.ts";
import type { MessagesRequest } from "../request.ts";
import { answerTo } from "./answer.ts";
import { asksForTier, tierOf } from "./classify.ts";
import { hasTool, viewOf, type RequestView } from "./request-view.ts";
import type { ToolAnswer } from "./tool-answer.ts";
import { fileOrder, type FileOrder } from "./file-writing.ts";
import { factsOf, goalsOf, type Goal } from "./goals.ts";
import { jsonAnswer } from "./json-answer.ts";
import { knownFact, knownSum, sumOf } from "./knowledge.ts";
import { searchOnServer } from "./server-search.ts";
import { smallTalk } from "./small-talk.ts";
import { summaryOf } from "./tool-notes.ts";
import { impliedCall, inputFor, namedCalls, type NamedCall } from "./named-call.ts";

type PlanStep =
  | { readonly kind: "call"; readonly why: string; readonly calls: readonly NamedCall[] }
  | { readonly kind: "answer"; readonly why: string; readonly text: string };

export function plan(request: MessagesRequest): Draft {
  const blocks: DraftBlock[] = [];
  let view = viewOf(request);
  if (view.mustSumUp) {
    const text = summaryOf(view.answers);
    return { thinking: "I write down what I know.", blocks: [{ type: "text", text }] };
  }
  if (asksForTier(request)) {
    return { blocks: [{ type: "text", text: JSON.stringify(tierOf(view.task)) }] };
  }
  let thinking: string | undefined;
  let searches = 0;
  for (;;) {
    const step = forced(request, view) ?? nextStep(view);
    thinking ??= step.why;
    if (step.kind === "answer") return { thinking, blocks: [...blocks, said(step.text, request)] };
    const found = view.serverSearch === undefined ? [] : step.calls.filter(isSearch);
    if (found.length === 0)
      return { thinking, blocks: [...blocks, ...called(step.calls, request)] };
    const answers: ToolAnswer[] = [];
    for (const { input } of found) {
      const left = (view.serverSearch?.usesMax ?? 0) - searches;
      const { use, result, answer } = searchOnServer(input.query, left);
      blocks.push(use, result);
      answers.push(answer);
      searches += 1;
    }
    view = { ...view, answers: [...view.answers, ...answers] };
  }
}

function nextStep(view: RequestView): PlanStep {
  const order = hasTool(view, "write_file") ? fileOrder(view.task) : undefined;
  if (order !== undefined && !view.mustWrapUp) return writeFile(order, view);
  const pending = pendingCalls(view);
  if (pending !== undefined && pending.length > 0 && !view.mustWrapUp) {
    const names = [...new Set(pending.map(({ name }) => name))].join(", ");
    return { kind: "call", why: `The task asks for ${names}.`, calls: pending };
  }
  if (pending !== undefined)
    return { kind: "answer", why: "The tools have answered.", text: report(view) };
  const talk = smallTalk(view.task);
  if (talk !== undefined) return { kind: "answer", why: "This needs no tool.", text: talk };
  return workOn(goalsOf(view.task), view);
}

/** What is to be written is worked out first. */
function writeFile({ path, text, rest }: FileOrder, view: RequestView): PlanStep {
  const written = view.answers.find(({ tool }) => tool === "write_file");
  const others = view.answers.filter(({ tool }) => tool !== "write_file");
  const step: PlanStep | undefined =
    text === undefined ? nextStep({ ...view, task: rest, answers: others }) : undefined;
  if (step?.kind === "call") return step;
  const content = text ?? step?.text ?? "";
  if (written === undefined) {
    const calls = [{ name: "write_file", input: { path, content } }];
    return { kind: "call", why: `I write the file ${path}.`, calls };
  }
  const end = written.isError
    ? `The file ${path} was not written: ${written.text}`
    : `I wrote it to the file ${path}.`;
  const answer = text === undefined ? `${content} ${end}` : end;
  return { kind: "answer", why: "The file has had its turn.", text: answer };
}

/** First the facts, all at once; then the sums they allow; then the answer. */
function workOn(goals: readonly Goal[], view: RequestView): PlanStep {
  const known = goals.flatMap(factsOf).map((fact) => knownFact(fact, view));
  const queries = new Set(known.flatMap((fact) => (fact.kind === "open" ? [fact.ask] : [])));
  if (view.mustWrapUp) {
    const text = `I was told to finish here. ${answerTo(goals, view)}`;
    return {
      kind: "answer",
      why: "There is little left to spend, so I finish with what I have.",
      text,
    };
  }
  if (queries.size > 0) {
    const calls = [...queries].map((query) => ({ name: "web_search", input: { query } }));
    return { kind: "call", why: `I need to look up: ${[...queries].join("; ")}.`, calls };
  }
  const sums = goals.map((goal) => sumOf(goal, view)).filter((sum) => sum !== undefined);
  const open = sums
    .map((sum) => knownSum(sum, view))
    .flatMap((sum) => (sum.kind === "open" ? [sum.ask] : []));
  if (open.length > 0) {
    const calls = [...new Set(open)].map((expression) => ({
      name: "calculator",
      input: { expression },
    }));
    return { kind: "call", why: `I work out ${open.join("; ")}.`, calls };
  }
  return { kind: "answer", why: "I have what I need.", text: answerTo(goals, view) };
}

/** Calls that the task names and that are still to be made; undefined where it names none. */
function pendingCalls(view: RequestView): NamedCall[] | undefined {
  const named = namedCalls(view);
  const implied =
    named.length > 0 || goalsOf(view.task).some(({ kind }) => kind === "arithmetic")
      ? undefined
      : impliedCall(view);
  const asked = implied === undefined ? named : [implied];
  if (asked.length === 0) return undefined;
  const rest = [...view.answers];
  const open = asked.filter(({ name }) => {
    const at = rest.findIndex(({ tool }) => tool === name);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
  return /\b(?:then|after that|afterwards)\b/i.test(view.task) ? open.slice(0, 1) : open;
}

function report(view: RequestView): string {
  const lines = view.answers.map(({ tool, text, isError }) =>
    isError ? `\`${tool}\` failed: ${text}` : `\`${tool}\` answered: ${text}`,
  );
  return lines.length > 0 ? lines.join("\n") : "I was told to finish before any tool was called.";
}

/** `tool_choice` demands a call: the planned one if there is one, else the tool with the task's words. */
function forced(request: MessagesRequest, view: RequestView): PlanStep | undefined {
  if (!isForced(request)) return undefined;
  const planned = nextStep(view);
  const choice = request.tool_choice;
  const wanted = choice?.type === "tool" ? choice.name : undefined;
  if (planned.kind === "call" && wanted === undefined) return planned;
  const tool = view.tools.find(({ name }) => wanted === undefined || name === wanted);
  if (tool === undefined) return undefined;
  const calls = [{ name: tool.name, input: inputFor(tool, view.task) }];
  return { kind: "call", why: `I must call ${tool.name}.`, calls };
}

function called(
  calls: readonly NamedCall[],
  { tool_choice: choice }: MessagesRequest,
): DraftBlock[] {
  const isSerial: boolean | undefined =
    choice !== undefined &&
    "disable_parallel_tool_use" in choice &&
    choice.disable_parallel_tool_use;
  const chosen = isSerial ? calls.slice(0, 1) : calls;
  return chosen.map(({ name, input }) => ({ type: "tool_use", name, input }));
}

function said(text: string, { output_config: config }: MessagesRequest): DraftBlock {
  const format = config?.format;
  return { type: "text", text: format ? jsonAnswer(format.schema, text) : text };
}

function isSearch(call: NamedCall): call is { name: "web_search"; input: { query: string } } {
  const { name, input } = call;
  return name === "web_search" && typeof input === "object" && input !== null && "query" in input;
}
