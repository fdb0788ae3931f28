// One tool call's life: execute it and hand the model an answer. Whatever goes wrong with a tool is
// an answer to the model, never an exception of the loop (R4).

import {
  ActivityFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { toolAnswer } from "../src/domain/message.ts";
import type { Entry, Reply } from "../src/domain/run.ts";
import { limitsNow, takeFindings, type RunState } from "../src/domain/run-state.ts";
import type { ToolCall, ToolSpec } from "../src/domain/tool.ts";
import type { Run } from "./run.ts";
import { inlineToolRunning, toolRunning } from "./activity-options.ts";
import { summaryOf } from "./run-view.ts";
import { mapAtMost } from "./map-at-most.ts";
import { codeOf, withTranscript } from "./transcript.ts";

const FINDINGS_CHARS = 2000;
/** What inline tools answer leaves the worker in one message of at most 4 MiB; one answer may take 128 KiB. */
const INLINE_CALLS_MAX = 16;
/**
 * Answers that come while the workflow is thinking wait in the server, which fails the workflow task
 * where they exceed 2 MiB. So no more are under way than fit.
 */
const CALLS_AT_ONCE_MAX = 12;

/** One answer to each call of the reply, in the order the model asked. */
export async function answerCalls(run: Run, reply: Reply): Promise<Entry[]> {
  const answers = await mapAtMost(CALLS_AT_ONCE_MAX, reply.toolCalls, (call) =>
    answerTo(run, reply, call),
  );
  takeFindings(
    run.state,
    answers.map(({ found }) => found),
  );
  return answers.map(({ entry }) => entry);
}

/** Told to the model where its call was cut off: nothing of it was executed. */
export function refuseCalls(reply: Reply, why: string): Entry[] {
  return reply.toolCalls.map((call) => problem(call, why, "Call again, with shorter arguments."));
}

interface Answer {
  readonly entry: Entry;
  readonly found: string;
}

async function answerTo(run: Run, reply: Reply, call: ToolCall): Promise<Answer> {
  const { state } = run;
  const unusable = whyUnusable(call, reply, state);
  if (unusable !== null) return { entry: unusable, found: "" };
  const tool = toolNamed(call.name, state);
  if (tool === undefined) throw new Error(`the tool ${call.name} vanished between two lines`);
  state.toolCalls += 1;
  try {
    const result = await execute(run, reply, { call, tool });
    return { entry: { ref: result.ref }, found: result.content.slice(0, FINDINGS_CHARS) };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return { entry: lost(call, tool, error), found: "" };
  }
}

function whyUnusable(call: ToolCall, reply: Reply, state: RunState): Entry | null {
  if (reply.invalidCalls.includes(call.callId)) {
    return problem(call, "The arguments were not a valid JSON object.", "Call again.");
  }
  if (toolNamed(call.name, state) === undefined) {
    const names = state.snapshot.tools.map((tool) => tool.name).join(", ");
    return problem(call, `There is no tool named ${call.name}.`, `There are: ${names || "none"}.`);
  }
  if (state.toolCalls >= limitsNow(state).toolCalls) {
    return problem(call, "The run's limit on tool calls is reached.", "Answer with what you have.");
  }
  return null;
}

function toolNamed(name: string, state: RunState): ToolSpec | undefined {
  return state.snapshot.tools.find((tool) => tool.name === name);
}

function execute(
  { input: { tenant }, state }: Run,
  reply: Reply,
  { call, tool }: { call: ToolCall; tool: ToolSpec },
): ReturnType<Activities["runTool"]> {
  const { callId } = call;
  const input = { turn: state.turn, tenant, callId, tool: tool.name, replyRef: reply.ref };
  const summary = summaryOf(`turn ${state.turn}`, tool.name, call.preview);
  const isAmongTheFirst = reply.toolCalls.indexOf(call) < INLINE_CALLS_MAX;
  if (tool.inline && isAmongTheFirst) {
    const { runTool } = proxyLocalActivities<Activities>({ ...inlineToolRunning(tool), summary });
    return withTranscript(() => runTool(input));
  }
  const options = toolRunning(tool, state.snapshot.timers);
  const { runTool } = proxyActivities<Activities>({ ...options, summary });
  return withTranscript(() => runTool(input));
}

/** The worker died or the time was over: what the tool did is known only if it does nothing. */
function lost(call: ToolCall, tool: ToolSpec, failure: ActivityFailure): Entry {
  const why = failure.cause?.message ?? failure.message;
  if (tool.effect === "once" || tool.effect === "verifiable") {
    return problem(
      call,
      `The outcome of this call is unknown: ${why}. It was not repeated.`,
      "Find out whether it took effect before you call again, or tell the user.",
    );
  }
  return problem(call, `The tool failed: ${codeOf(failure) ?? ""} ${why}`, "Try another way.");
}

function problem(call: ToolCall, error: string, suggestion: string): Entry {
  return { message: toolAnswer(call.callId, JSON.stringify({ error, suggestion }), true) };
}
