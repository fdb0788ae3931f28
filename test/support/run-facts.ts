// A made-up run as its history tells it (src/client/history-facts.ts), and rows as a worker writes them.

import type { Frame, Told } from "../../src/client/history-facts.ts";
import type { ModelCall, Reply, WhyDenied } from "../../src/domain/call.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { RunInput } from "../../src/domain/run/carried.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import type { Wait } from "../../src/domain/run/state.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";
import type { AttemptMark, DeltaRow } from "../../src/store/deltas.ts";
import * as story from "./run-story.ts";

export const RUN_ID = "run_test";
export const T0_MS = Date.parse("2026-11-21T10:00:00Z");

export const SNAPSHOT: Snapshot = {
  ...story.SNAPSHOT,
  agent: "assistant",
  tools: [
    story.toolNamed("calculator", { inline: true }),
    story.toolNamed("web_search"),
    story.toolNamed("write_file", { permission: "write", effect: "once" }),
  ],
};

export const OPENED = { snapshot: SNAPSHOT, head: "h", taskRef: "t" };

export const INPUT: RunInput = {
  task: "add",
  agent: "assistant",
  tenant: "acme",
  session: "s1",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  limits: {},
  onLimit: "stop",
};

/** Event ids and what they say, as far as a test wants to tell it. */
export type History = readonly (readonly [number, RunFact | Frame, Partial<Told>?])[];

export const OPENING: History = [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", opened: OPENED }],
];

export const TERMINATED: Frame = {
  kind: "broken",
  how: "terminated",
  code: "TERMINATED",
  message: "from outside",
};

/** One event after another, each a second behind the one before. */
export function toldAt(eventId: number, fact: RunFact | Frame, more: Partial<Told> = {}): Told {
  return { fact, eventId, atMs: T0_MS + eventId * 1000, ...more };
}

export function toldIn(history: History): readonly Told[] {
  return history.map((event) => toldAt(...event));
}

export function callInput(turn: number, more: Partial<ModelCall> = {}): ModelCall {
  const { model } = SNAPSHOT;
  return {
    turn,
    purpose: { kind: "work" },
    lane: "live",
    payer: { tenant: "acme", session: "s1", agent: "assistant", shares: [] },
    head: "h",
    entries: [],
    headTokens: 0,
    course: { model, wanted: model, why: "" },
    budget: {
      costCapMicroUsd: null,
      spentMicroUsd: 0,
      lastReplyMicroUsd: null,
      tokensLeft: 1000,
      keepsFor: [],
    },
    warnings: [],
    ...more,
  };
}

export function asked(turn: number, more: Partial<ModelCall> = {}): RunFact {
  return { kind: "asked", call: callInput(turn, more) };
}

export function replied(text: string, more: Partial<Reply> = {}): Reply {
  const usage = { ...NO_USAGE, inputTokens: 100, cacheReadTokens: 50, outputTokens: 10 };
  return story.replied(text, { usage, costMicroUsd: 1500, ...more });
}

/** A reply that calls tools, by the ids of the calls. */
export function calling(tools: Readonly<Record<string, string>>, more: Partial<Reply> = {}): Reply {
  const toolCalls = Object.entries(tools).map(([callId, name]) => {
    const names = { callId, toolUseId: `toolu_${callId}` };
    return { ...names, name, preview: `${name} it`, argsDigest: `digest_${callId}` };
  });
  return replied("", { stopReason: "tool_use", toolCalls, ...more });
}

export function denied(why: WhyDenied) {
  return story.denied(why, T0_MS);
}

export function began(callId: string, activityId = "3"): readonly [RunFact, Partial<Told>] {
  return [{ kind: "toolBegan", callId }, { activityId }];
}

export function found(callId: string, tool = "web_search"): readonly [RunFact, Partial<Told>] {
  const toolResult = {
    callId,
    toolUseId: `toolu_${callId}`,
    tool,
    ref: `answer_${callId}`,
    content: "a\n b",
    isError: false,
    durationMs: 12,
  };
  return [story.ended(callId, toolResult.content), { toolResult }];
}

export function lost(callId: string, code = "", message = "no"): RunFact {
  return { kind: "toolLost", callId, code, message };
}

export function waits(more: Partial<Wait> = {}): RunFact {
  const wait: Wait = {
    reason: "capacity",
    message: "the provider is busy",
    nextAttemptAt: "2026-11-21T10:00:15.000Z",
    limit: null,
    ...more,
  };
  return { kind: "waits", wait };
}

export function textRow(
  activityId: string,
  position: { readonly attempt: number; readonly seq: number; readonly offset: number },
  text: string,
): DeltaRow {
  return { executionId: "x", activityId, kind: "text", ...position, text };
}

export function markRow(
  activityId: string,
  position: { readonly attempt: number; readonly seq: number },
  mark: AttemptMark,
): DeltaRow {
  return { executionId: "x", activityId, kind: "mark", ...position, mark };
}

export function typesOf(events: readonly RunEvent[]): readonly string[] {
  return events.map((event) => event.type);
}
