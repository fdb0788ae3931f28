// Facts of a made-up run, as history-fact.ts reads them, and rows as a worker writes them.

import type { Fact, FactBody } from "../../src/client/history-fact.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { Denial, ModelCall, Reply, WhyDenied } from "../../src/domain/call.ts";
import type { RunInput, Snapshot } from "../../src/domain/run.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";
import type { AttemptMark, DeltaRow } from "../../src/store/deltas.ts";

export const RUN_ID = "run_test";
export const T0_MS = Date.parse("2026-11-21T10:00:00Z");

const LIMITS = {
  costMicroUsd: 1_000_000,
  tokens: 200_000,
  modelCalls: 50,
  toolCalls: 200,
  requestTokens: 50_000,
  replyTokens: 4096,
  wallClockMs: null,
};

export const SNAPSHOT: Snapshot = {
  agent: "assistant",
  model: "claude-sonnet-5-5",
  instructions: "",
  tools: [
    {
      name: "calculator",
      description: "",
      inputSchema: {},
      permission: "read",
      effect: "pure",
      timeoutMs: 1000,
      attemptsMax: 1,
      inline: true,
    },
  ],
  serverTools: [],
  limits: LIMITS,
  timers: {
    heartbeatTimeoutMs: 1000,
    callTimeoutMs: 1000,
    retryInitialMs: 10,
    retryAttemptsMax: 8,
  },
  historyMarks: { events: 2000, bytes: 2_000_000 },
  offline: true,
};

export const INPUT: RunInput = {
  task: "add",
  agent: "assistant",
  tenant: "acme",
  session: "s1",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  limits: {},
  onLimit: "stop",
};

export function factAt(eventId: number, body: FactBody): Fact {
  return { ...body, eventId, atMs: T0_MS + eventId * 1000 };
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
    budget: { costCapMicroUsd: null, spentMicroUsd: 0, tokensLeft: 1000, keepsFor: [] },
    warnings: [],
    ...more,
  };
}

export function replied(text: string, more: Partial<Reply> = {}): Reply {
  return {
    kind: "replied",
    head: "h",
    ref: "r",
    message: { role: "assistant", content: [{ type: "text", text }] },
    model: "claude-sonnet-5-5",
    lane: "live",
    stopReason: "end_turn",
    toolCalls: [],
    invalidCalls: [],
    usage: { ...NO_USAGE, inputTokens: 100, cacheReadTokens: 50, outputTokens: 10 },
    costMicroUsd: 1500,
    crashTaxMicroUsd: 0,
    attempts: 1,
    attempt: 1,
    costCapMicroUsd: 1_000_000,
    nearCaps: [],
    ...more,
  };
}

export function denied(why: WhyDenied): Denial {
  const at = new Date(T0_MS).toISOString();
  return { kind: "denied", ...why, message: "", at, crashTaxMicroUsd: 0 };
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
