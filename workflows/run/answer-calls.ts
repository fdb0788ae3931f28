// The calls of one reply: a person is asked where the guardrail wants it, and each call that is cleared is
// executed. What a tool answers, and how it fails, is a fact; the answers reach the model in its order. A tool that
// asks a person is executed again with what they said, as often as it asks.

import {
  ActivityFailure,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { present } from "../../src/domain/present.ts";
import { SILENCE, type PendingApproval } from "../../src/domain/approval.ts";
import { toolCameTo } from "../../src/domain/run/facts.ts";
import { toolIn } from "../../src/domain/run/snapshot.ts";
import type { Answering, Memory } from "../../src/domain/run/state.ts";
import type { PinnedTool, ToolSpec } from "../../src/domain/tool.ts";
import type { Heard } from "../../src/domain/question.ts";
import type { Clearance, RunToolResult } from "../../src/domain/tool-call.ts";
import { inlineToolRunning, toolRunning } from "../activity-options.ts";
import { codeOf, withTranscript } from "../transcript.ts";
import { callIn, type Life } from "./life.ts";
import { notify } from "./notify.ts";
import { answersTo, putQuestions } from "./put-questions.ts";
import { openSlots, type Slots } from "./slots.ts";
import { summaryOf } from "./show.ts";

/** What inline tools answer leaves the worker in one message of at most 4 MiB; one answer may take 128 KiB. */
const INLINE_CALLS_MAX = 16;
/**
 * Answers that come while the workflow is thinking wait in the server, which fails the workflow task
 * where they exceed 2 MiB. So no more are under way than fit.
 */
const CALLS_AT_ONCE_MAX = 12;

export async function answerCalls(life: Life): Promise<void> {
  const { memory, phase } = life.state;
  if (memory === null || phase.kind !== "answering") throw new Error("no call is open");
  askPeople(life, memory, phase);
  // A call that waits for a person takes no slot.
  const slots = openSlots(CALLS_AT_ONCE_MAX);
  const open = { life, memory, phase, slots };
  await life.stoppable(() => Promise.all(phase.calls.map(({ callId }) => answer(open, callId))));
}

interface Open {
  readonly life: Life;
  readonly memory: Memory;
  readonly phase: Answering;
  readonly slots: Slots;
}

/** All at once, so that whoever looks sees how many calls wait. */
function askPeople(life: Life, { snapshot }: Memory, { calls, turn }: Answering): void {
  const now = Date.now();
  const { timeoutMs, webhook } = snapshot.approvals;
  const pending = calls.flatMap((call): PendingApproval[] => {
    if (call.kind !== "toAsk") return [];
    const { callId, name: tool, preview, argsDigest, reason } = call;
    const requestedAt = new Date(now).toISOString();
    const deadlineAt = new Date(now + timeoutMs).toISOString();
    return [{ callId, tool, turn, preview, argsDigest, reason, requestedAt, deadlineAt }];
  });
  if (pending.length === 0) return;
  life.record({ kind: "personAsked", pending });
  if (!webhook) return;
  for (const call of pending) void notify(life, call, () => isAsked(life, call.callId));
}

/** No await where nobody is asked: the calls begin in the order in which the model made them. */
async function answer(open: Open, callId: string): Promise<void> {
  const { life, memory, slots } = open;
  const asked = callIn(life, callId);
  if (asked?.kind === "asked") await wordOn(life, asked.pending);
  while (life.state.calledOff === null) {
    const call = callIn(life, callId);
    if (call?.kind === "questioned") {
      await answersTo(life, call.pending);
      continue;
    }
    if (call?.kind !== "cleared") return;
    const tool = toolIn(memory.snapshot, call.name);
    if (tool === undefined) throw new Error(`the tool ${call.name} vanished between two lines`);
    await slots.use(() => execute(open, { ...call, tool }));
    putQuestions(life, memory, callId);
  }
}

function isAsked(life: Life, callId: string): boolean {
  return life.state.calledOff === null && callIn(life, callId)?.kind === "asked";
}

/** Until a person decides, or nobody did in time: silence is a denial. */
async function wordOn(life: Life, { callId, deadlineAt }: PendingApproval): Promise<void> {
  const waitMs = Math.max(1, Date.parse(deadlineAt) - Date.now());
  try {
    await condition(() => !isAsked(life, callId), waitMs);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  if (isAsked(life, callId)) life.record({ kind: "ruled", callId, ruling: SILENCE });
}

interface ClearedCall {
  readonly callId: string;
  readonly preview: string;
  readonly clearance: Clearance;
  readonly heard?: Heard;
  readonly tool: ToolSpec;
}

async function execute(open: Open, call: ClearedCall): Promise<void> {
  const { life } = open;
  const { callId } = call;
  if (life.state.calledOff !== null) return;
  life.record({ kind: "toolBegan", callId });
  try {
    life.record(toolCameTo(await runTool(open, call)));
  } catch (error) {
    life.record({ kind: "toolLost", callId, ...lossIn(error) });
  }
}

function lossIn(error: unknown): { readonly code: string; readonly message: string } {
  if (isCancellation(error)) return { code: "CANCELLED", message: "cancelled" };
  if (!(error instanceof ActivityFailure)) throw error;
  return { code: codeOf(error) ?? "", message: error.cause?.message ?? error.message };
}

function runTool(
  { life, memory, phase }: Open,
  { callId, preview, clearance, heard, tool }: ClearedCall,
): Promise<RunToolResult> {
  const { tenant } = life.order;
  const { ref: replyRef, turn } = phase;
  const made = { turn, tenant, callId, tool: tool.name, replyRef, clearance };
  const input = { ...made, ...present({ heard, pinned: pinnedOf(tool) }) };
  const summary = summaryOf(`turn ${turn}`, tool.name, preview);
  const isAmongTheFirst =
    phase.calls.findIndex((call) => call.callId === callId) < INLINE_CALLS_MAX;
  const options = tool.inline && isAmongTheFirst ? null : toolRunning(tool, memory.snapshot.timers);
  const activities =
    options === null
      ? proxyLocalActivities<Activities>({ ...inlineToolRunning(tool), summary })
      : proxyActivities<Activities>({ ...options, summary });
  return withTranscript(() => activities.runTool(input));
}

/** The worker that takes the call looks whether the tool still is what the run was told of. */
function pinnedOf(tool: ToolSpec): PinnedTool | undefined {
  if (tool.origin === undefined) return undefined;
  const { name, permission, effect, timeoutMs, attemptsMax, inline, origin } = tool;
  return { name, permission, effect, timeoutMs, attemptsMax, inline, origin };
}
