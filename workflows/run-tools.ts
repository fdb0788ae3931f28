// One tool call's life: clear it, execute it and hand the model an answer. Whatever goes wrong with a tool is
// an answer to the model, never an exception of the loop (R4).

import {
  ActivityFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { toolAnswer } from "../src/domain/message.ts";
import type { Entry, Reply } from "../src/domain/call.ts";
import type { Clearance } from "../src/domain/run.ts";
import { limitsNow, takeFindings, type RunState } from "../src/domain/run-state.ts";
import type { ToolCall, ToolSpec } from "../src/domain/tool.ts";
import type { Run } from "./run.ts";
import { inlineToolRunning, toolRunning } from "./activity-options.ts";
import { clearCall, deniedByName } from "./clear-call.ts";
import { summaryOf } from "./run-view.ts";
import { openSlots, type Slots } from "./slots.ts";
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
  run.desk.turnPage();
  const asked: Asked = { reply, slots: openSlots(CALLS_AT_ONCE_MAX) };
  const answers = await Promise.all(reply.toolCalls.map((call) => answerTo(run, asked, call)));
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

interface Asked {
  readonly reply: Reply;
  /** A call that waits for a person takes none. */
  readonly slots: Slots;
}

interface Answer {
  readonly entry: Entry;
  readonly found: string;
}

async function answerTo(run: Run, { reply, slots }: Asked, call: ToolCall): Promise<Answer> {
  const unusable = whyUnusable(call, reply, run) ?? whyTooMany(call, run.state);
  if (unusable !== null) return { entry: unusable, found: "" };
  const tool = toolNamed(call.name, run.state);
  if (tool === undefined) throw new Error(`the tool ${call.name} vanished between two lines`);
  const answer = clearCall(run, call, tool);
  // No await where nobody is asked: the calls begin in the order in which the model made them.
  const cleared = answer instanceof Promise ? await answer : answer;
  if (cleared.kind === "refused") {
    return { entry: problem(call, cleared.why, cleared.suggestion), found: "" };
  }
  return await slots.use(() => attempt(run, reply, { call, tool, clearance: cleared.clearance }));
}

interface ClearedCall {
  readonly call: ToolCall;
  readonly tool: ToolSpec;
  readonly clearance: Clearance;
}

async function attempt(run: Run, reply: Reply, cleared: ClearedCall): Promise<Answer> {
  const { call, tool } = cleared;
  // Others may have used the limit up while this one waited.
  const tooMany = whyTooMany(call, run.state);
  if (tooMany !== null) return { entry: tooMany, found: "" };
  run.state.toolCalls += 1;
  try {
    const result = await execute(run, reply, cleared);
    return { entry: { ref: result.ref }, found: result.content.slice(0, FINDINGS_CHARS) };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return { entry: lost(call, tool, error), found: "" };
  }
}

function whyUnusable(call: ToolCall, reply: Reply, run: Run): Entry | null {
  const { state } = run;
  if (reply.invalidCalls.includes(call.callId)) {
    return problem(call, "The arguments were not a valid JSON object.", "Call again.");
  }
  const denied = deniedByName(run, call);
  if (denied !== null) return problem(call, denied.why, denied.suggestion);
  if (toolNamed(call.name, state) === undefined) {
    const names = state.snapshot.tools.map((tool) => tool.name).join(", ");
    return problem(call, `There is no tool named ${call.name}.`, `There are: ${names || "none"}.`);
  }
  return null;
}

function whyTooMany(call: ToolCall, state: RunState): Entry | null {
  if (state.toolCalls < limitsNow(state).toolCalls) return null;
  return problem(call, "The run's limit on tool calls is reached.", "Answer with what you have.");
}

function toolNamed(name: string, state: RunState): ToolSpec | undefined {
  return state.snapshot.tools.find((tool) => tool.name === name);
}

function execute(
  { input: { tenant }, state }: Run,
  reply: Reply,
  { call, tool, clearance }: ClearedCall,
): ReturnType<Activities["runTool"]> {
  const { callId } = call;
  const input = {
    turn: state.turn,
    tenant,
    callId,
    tool: tool.name,
    replyRef: reply.ref,
    clearance,
  };
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
