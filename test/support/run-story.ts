// Words for telling a run by its facts: given these facts, and this moment, the run decides that. No server, no
// clock, no model: the rules of a run in milliseconds.

import type { PendingApproval, Ruling } from "../../src/domain/approval.ts";
import type { Denial, Look, ModelCall, Reply, Ticket } from "../../src/domain/call.ts";
import type { Block, Message } from "../../src/domain/message.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { decide } from "../../src/domain/run/decide.ts";
import { evolve } from "../../src/domain/run/evolve.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { Order } from "../../src/domain/run/order.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import {
  newRun,
  type CallState,
  type Memory,
  type RunState,
  type Wait,
} from "../../src/domain/run/state.ts";
import type { Step } from "../../src/domain/run/step.ts";
import type { ToolSpec } from "../../src/domain/tool.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";

export const START_MS = Date.UTC(2026, 10, 26, 12);
export const MODEL = "claude-sonnet-5-5";

export function toolNamed(name: string, more: Partial<ToolSpec> = {}): ToolSpec {
  return {
    name,
    description: name,
    inputSchema: { type: "object" },
    permission: "read",
    effect: "pure",
    timeoutMs: 1000,
    attemptsMax: 2,
    inline: false,
    ...more,
  };
}

export const ORDER: Order = {
  task: "How dense is the population?",
  agent: "research",
  tenant: "local",
  session: "local",
  traceId: "trace",
  limits: {},
  onLimit: "stop",
};

export const SNAPSHOT: Snapshot = {
  agent: "research",
  model: MODEL,
  instructions: "Answer.",
  tools: [
    toolNamed("calculator"),
    toolNamed("write_file", { permission: "write", effect: "once" }),
  ],
  serverTools: [],
  operatorCapMicroUsd: 1_000_000,
  limits: {
    costMicroUsd: 1_000_000,
    tokens: 200_000,
    modelCalls: 50,
    toolCalls: 200,
    requestTokens: 50_000,
    replyTokens: 4096,
    wallClockMs: null,
  },
  timers: {
    heartbeatTimeoutMs: 20_000,
    callTimeoutMs: 600_000,
    retryInitialMs: 1000,
    retryAttemptsMax: 8,
  },
  historyMarks: { events: 2000, bytes: 2_000_000 },
  provider: { isOffline: true, baseUrl: "http://127.0.0.1:1", keyFingerprint: null },
  policy: {},
  approvals: { timeoutMs: 86_400_000, webhook: false },
  wrapUp: false,
};

export interface Story {
  readonly order: Order;
  readonly state: RunState;
  readonly nowMs: number;
  /** The run as it is when this has happened as well. */
  and(...facts: readonly RunFact[]): Story;
  /** Time passes. */
  after(ms: number): Story;
  /** Performs what is decided, which is to ask a model, and has this come back. */
  asking(...results: readonly RunFact[]): Story;
  /** All calls of the newest reply that may begin begin and end, each with this. */
  executing(found?: string): Story;
  /** People are asked about the calls that need their word. */
  askingPeople(): Story;
  /** Performs the wait that is decided: the run stands still. */
  standing(): Story;
  /** Performs the wait that is decided until its time is over. */
  waiting(): Story;
  /** Performs the look at a batch that is decided, and has this come back. */
  looking(result: RunFact): Story;
  step(): Step;
  /** The call, the wait or the end that is decided; fails where another step is. */
  call(): ModelCall;
  wait(): Wait;
  look(): Look;
  outcome(): Outcome;
  /** The calls of the newest reply; fails where none is open. */
  calls(): readonly CallState[];
  memory(): Memory;
}

export function given(
  snapshot: Partial<Snapshot> = {},
  order: Partial<Order> = {},
  startMs = START_MS,
): Story {
  const opened: RunFact = {
    kind: "opened",
    opened: { snapshot: { ...SNAPSHOT, ...snapshot }, head: "genesis", taskRef: "task" },
  };
  return storyOf({ ...ORDER, ...order }, newRun(startMs), startMs).and(opened);
}

export function storyOf(order: Order, state: RunState, nowMs: number): Story {
  const step = (): Step => decide(order, state, nowMs);
  const story: Story = {
    order,
    state,
    nowMs,
    and: (...facts) => storyOf(order, facts.reduce(evolve, state), nowMs),
    after: (ms) => storyOf(order, state, nowMs + ms),
    asking: (...results) => story.and({ kind: "asked", call: story.call() }, ...results),
    executing: (found = "42") => story.and(...executed(story.calls(), found)),
    askingPeople: () => story.and({ kind: "personAsked", pending: toAsk(story.calls(), nowMs) }),
    standing: () => story.and({ kind: "waits", wait: story.wait() }),
    waiting() {
      const { nextAttemptAt } = story.wait();
      if (nextAttemptAt === null) throw new Error("only a person can end this wait");
      const untilMs = Math.max(nowMs, Date.parse(nextAttemptAt));
      return story
        .standing()
        .after(untilMs - nowMs)
        .and({ kind: "waited" });
    },
    looking: (result) => story.and({ kind: "looks", giveUp: story.look().giveUp }, result),
    step,
    look: () => decided(step(), "look").look,
    call: () => decided(step(), "ask").call,
    wait: () => decided(step(), "wait").wait,
    outcome: () => decided(step(), "close").outcome,
    calls() {
      if (state.phase.kind !== "answering") throw new Error(`no call is open: ${state.phase.kind}`);
      return state.phase.calls;
    },
    memory() {
      if (state.memory === null) throw new Error("the run has not been opened");
      return state.memory;
    },
  };
  return story;
}

function decided<K extends Step["kind"]>(step: Step, kind: K): Extract<Step, { kind: K }> {
  if (!isOf(step, kind)) throw new Error(`not ${kind} is decided, but ${JSON.stringify(step)}`);
  return step;
}

function isOf<K extends Step["kind"]>(step: Step, kind: K): step is Extract<Step, { kind: K }> {
  return step.kind === kind;
}

function executed(calls: readonly CallState[], found: string): readonly RunFact[] {
  const cleared = calls.filter(({ kind }) => kind === "cleared");
  return cleared.flatMap(({ callId }) => [{ kind: "toolBegan", callId }, ended(callId, found)]);
}

function toAsk(calls: readonly CallState[], nowMs: number): readonly PendingApproval[] {
  return calls.flatMap((call) => {
    if (call.kind !== "toAsk") return [];
    const { callId, name: tool, preview, argsDigest, reason } = call;
    const requestedAt = new Date(nowMs).toISOString();
    const deadlineAt = new Date(nowMs + SNAPSHOT.approvals.timeoutMs).toISOString();
    return [{ callId, tool, turn: 1, preview, argsDigest, reason, requestedAt, deadlineAt }];
  });
}

/** What a call tells the model that is new, each as its text or its reference. */
export function textsIn({ entries }: Pick<ModelCall, "entries">): readonly string[] {
  return entries.map((entry) => ("message" in entry ? allOf(entry.message) : entry.ref));
}

/** The text, and what the answers to calls say. */
function allOf({ content }: Message): string {
  return content
    .map((block) => String("content" in block ? block.content : "text" in block ? block.text : ""))
    .join("");
}

let heads = 0;

export function replied(text: string, more: Partial<Reply> = {}): Reply {
  heads += 1;
  const content: Block[] = [
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...(more.toolCalls ?? []).map(({ toolUseId, name }) => {
      return { type: "tool_use", id: toolUseId, name, input: {} };
    }),
  ];
  return {
    kind: "replied",
    head: `head${heads}`,
    ref: `ref${heads}`,
    message: { role: "assistant", content },
    model: MODEL,
    offline: true,
    lane: "live",
    stopReason: "end_turn",
    toolCalls: [],
    invalidCalls: [],
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 20 },
    costMicroUsd: 600,
    crashTaxMicroUsd: 0,
    attempts: 1,
    attempt: 1,
    costCapMicroUsd: 1_000_000,
    nearCaps: [],
    ...more,
  };
}

export function calling(...names: readonly string[]): Reply {
  const toolCalls = names.map((name, index) => {
    const ids = { callId: `call_${index}_${name}`, toolUseId: `toolu_${index}` };
    return { ...ids, name, preview: "{}", argsDigest: `digest_${index}` };
  });
  return replied("", { stopReason: "tool_use", toolCalls });
}

type Why = Denial extends infer D ? (D extends Denial ? Omit<D, "kind" | "at"> : never) : never;

export function denied(why: Partial<Why> & Pick<Why, "why">, atMs = START_MS): Denial {
  const rest = { message: "not now", crashTaxMicroUsd: 0, ...why };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each test names what its `why` has
  return { kind: "denied", at: new Date(atMs).toISOString(), ...rest } as Denial;
}

export function ended(callId: string, found = "42"): RunFact {
  return { kind: "toolEnded", callId, ref: `answer_${callId}`, found };
}

export function said(text: string, mode: "queue" | "interrupt" = "queue", id = text): RunFact {
  return { kind: "said", message: { messageId: id, text, mode, by: "ann" } };
}

export function ruled(callId: string, more: Partial<Ruling> & Pick<Ruling, "verdict">): RunFact {
  return { kind: "ruled", callId, ruling: { by: "ann", reason: null, always: false, ...more } };
}

export function submitted(atMs: number, providerBatchId: string | null = "batch_1"): Ticket {
  const at = new Date(atMs).toISOString();
  return {
    kind: "submitted",
    callKey: "key",
    attempt: 1,
    providerBatchId,
    sentAfter: at,
    sentBefore: at,
  };
}

/** A reply whose prompt and text weigh so many tokens together. */
export function weighing(tokens: number, reply: Reply = replied("")): Reply {
  return { ...reply, usage: { ...NO_USAGE, inputTokens: tokens } };
}
