// Words for telling a run by its facts: given these facts, and this moment, the run decides that. No server, no
// clock, no model: the rules of a run in milliseconds.

import type { Denial, ModelCall, Reply } from "../../src/domain/call.ts";
import type { Block } from "../../src/domain/message.ts";
import { decide } from "../../src/domain/run/decide.ts";
import { evolve } from "../../src/domain/run/evolve.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { Order } from "../../src/domain/run/order.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import { newRun, type Memory, type RunState } from "../../src/domain/run/state.ts";
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
  offline: true,
  policy: {},
  approvals: { timeoutMs: 86_400_000, webhook: false },
  wrapUp: false,
};

export interface Story {
  readonly order: Order;
  readonly state: RunState;
  readonly nowMs: number;
  /** The run as it is when this has happened as well. */
  then(...facts: readonly RunFact[]): Story;
  /** Time passes. */
  after(ms: number): Story;
  /** Performs what is decided, which is to ask a model, and has this come back. */
  asking(...results: readonly RunFact[]): Story;
  step(): Step;
  /** The call that is decided; fails where another step is. */
  call(): ModelCall;
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
  return storyOf({ ...ORDER, ...order }, newRun(startMs), startMs).then(opened);
}

export function storyOf(order: Order, state: RunState, nowMs: number): Story {
  const step = (): Step => decide(order, state, nowMs);
  const story: Story = {
    order,
    state,
    nowMs,
    then: (...facts) => storyOf(order, facts.reduce(evolve, state), nowMs),
    after: (ms) => storyOf(order, state, nowMs + ms),
    asking: (...results) => story.then({ kind: "asked", call: story.call() }, ...results),
    step,
    call() {
      const next = step();
      if (next.kind !== "ask") throw new Error(`the run does not ask a model: ${next.kind}`);
      return next.call;
    },
    memory() {
      if (state.memory === null) throw new Error("the run has not been opened");
      return state.memory;
    },
  };
  return story;
}

let heads = 0;

export function replied(text: string, more: Partial<Reply> = {}): Reply {
  heads += 1;
  const content: Block[] = [
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...(more.toolCalls ?? []).map(({ callId, name }) => {
      return { type: "tool_use", id: callId, name, input: {} };
    }),
  ];
  return {
    kind: "replied",
    head: `head${heads}`,
    ref: `ref${heads}`,
    message: { role: "assistant", content },
    model: MODEL,
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
    return { callId: `call_${index}_${name}`, name, preview: "{}", argsDigest: `digest_${index}` };
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
