// Replies and snapshots as the tests of the domain write them: only what matters to the test is said.

import type { Reply } from "../../src/domain/call.ts";
import type { Snapshot } from "../../src/domain/run.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";

export function aSnapshot(rest: Partial<Snapshot> = {}): Snapshot {
  return {
    agent: "default",
    model: "claude-sonnet-5-5",
    instructions: "Answer.",
    tools: [],
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
    ...rest,
  };
}

export function aReply({ text = "ok", ...rest }: Partial<Reply> & { text?: string } = {}): Reply {
  return {
    kind: "replied",
    head: "head_1",
    ref: "ref_1",
    message: { role: "assistant", content: text === "" ? [] : [{ type: "text", text }] },
    model: "claude-sonnet-5-5",
    lane: "live",
    stopReason: "end_turn",
    toolCalls: [],
    invalidCalls: [],
    usage: NO_USAGE,
    costMicroUsd: 0,
    crashTaxMicroUsd: 0,
    attempts: 1,
    attempt: 1,
    costCapMicroUsd: 1_000_000,
    nearCaps: [],
    ...rest,
  };
}
