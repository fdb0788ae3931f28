// R2: what a run may use is checked before each model call. A run that reaches a limit stops with what
// it has and says why, or waits for a person where its caller asked for that.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import {
  blocksSent,
  expectOnlyGrowth,
  microUsd,
  openRunBench,
  PATIENT,
  type RunBench,
} from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const TASK = "Work on it step by step.";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const step = { text: "I am on it. ".repeat(40), toolCalls: [CALL] };
const endless = (): Promise<void> => bench.world.model.script([{ times: 500, reply: step }]);
const script = (...replies: readonly object[]): Promise<void> =>
  bench.world.model.script(replies.map((reply) => ({ reply })));

async function untilWaiting(runId: string): Promise<{ reason: string; message: string }> {
  return await until("the run waits", async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.status === "waiting" && shown.waiting;
  });
}

describe("R2: a run that reaches a limit stops with what it has", () => {
  const stopped = async (limits: RunOrder["limits"], limit: string) => {
    await endless();
    const seen = await bench.run(TASK, { limits: limits ?? {} });
    const { result } = seen;
    expect(result.outcome).toMatchObject({ kind: "stopped", limit });
    expect((result.outcome as { message: string }).message).not.toBe("");
    expect(result).toMatchObject({ answer: step.text, partial: true });
    return seen;
  };

  it("cost: billed and charged stay within the cap", async () => {
    const { result, billedMicroUsd, requests } = await stopped({ costMicroUsd: 40_000 }, "cost");
    expect(billedMicroUsd).toBeLessThanOrEqual(40_000);
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
    expect(billedMicroUsd).toBeGreaterThan(20_000);
    expect(requests.length).toBeGreaterThanOrEqual(3);
  });

  it("M2: a cap that can't pay a single call stops the run before it", async () => {
    const { result, requests } = await bench.run(TASK, { limits: { costMicroUsd: 1000 } });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "cost" });
    expect(requests).toHaveLength(0);
    expect(result).toMatchObject({ answer: null, partial: false, costUsd: 0, turns: 0 });
  });

  it("tokens", async () => {
    const { result, requests } = await stopped({ tokens: 6000 }, "tokens");
    expect(result.usage.totalTokens).toBeLessThanOrEqual(6000);
    expect(requests.length).toBeGreaterThanOrEqual(2);
  });

  it("model_calls", async () => {
    const { requests } = await stopped({ modelCalls: 3 }, "model_calls");
    expect(requests).toHaveLength(3);
  });

  it("tool_calls: those of one reply that are too many are not executed", async () => {
    await script({ text: "All at once.", toolCalls: [CALL, CALL, CALL, CALL, CALL] });
    const { result, requests } = await bench.run(TASK, { limits: { toolCalls: 3 } });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "tool_calls" });
    expect(result).toMatchObject({ toolCalls: 3, answer: "All at once.", partial: true });
    expect(requests).toHaveLength(1);
  });

  it("request_tokens: the prompt has grown too long for one more call", async () => {
    const { requests } = await stopped({ requestTokens: 2500 }, "request_tokens");
    expect(requests.length).toBeGreaterThanOrEqual(1);
    const largest = Math.max(
      ...(await bench.world.model.billing()).map(
        (bill) =>
          bill.inputTokens + bill.cacheReadTokens + bill.cacheWrite5mTokens + bill.outputTokens,
      ),
    );
    expect(largest).toBeLessThanOrEqual(2500);
  });

  it("request_tokens: a task that never fits is not sent, and waiting would not help", async () => {
    const { result, requests } = await bench.run("word ".repeat(20_000), {
      limits: { requestTokens: 10_000 },
      onLimit: "pause",
    });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "request_tokens" });
    expect(requests).toHaveLength(0);
  });

  it("wall_clock: the call in flight is aborted, and what it wrote is kept", async () => {
    await script(step, { text: "This far." });
    await bench.world.model.faults([{ kind: "hold", afterEvents: 4, skip: 1, times: 50 }]);
    const { result } = await bench.run(TASK, { limits: { wallClockMs: 8000 } });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "wall_clock" });
    expect(result).toMatchObject({ answer: "This far.", partial: true });
    await until("the provider saw the client go", async () => {
      const seen = await bench.world.model.requests();
      return seen.every(({ state }) => state === "done");
    });
  });

  it("reply_tokens: an answer that was cut is continued and joined", async () => {
    await script({ textBytes: 400 }, { text: "and this is its end." });
    const { result, requests } = await bench.run(TASK, { limits: { replyTokens: 64 } });
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(2);
    expect(result.answer).toMatch(/^A pawl lets .*and this is its end\.$/);
    expect(result.answer?.length).toBe(224 + 20);
  });

  it("reply_tokens: and continued at most three times", async () => {
    await bench.world.model.script([{ times: 50, reply: { textBytes: 400 } }]);
    const { result, requests } = await bench.run(TASK, { limits: { replyTokens: 64 } });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "reply_tokens" });
    expect(requests).toHaveLength(4);
    expect(result.answer?.length).toBe(4 * 224);
    expect(result.partial).toBe(true);
    expectOnlyGrowth(requests);
  });
});

describe("onLimit pause: the run waits, and goes on when a person says so", () => {
  it.each<[string, RunOrder["limits"]]>([
    ["model_calls", { modelCalls: 2 }],
    ["tool_calls", { toolCalls: 2 }],
    ["tokens", { tokens: 3500 }],
  ])("%s", async (_, limits) => {
    await script(step, step, step, { text: "Done at last." });
    const runId = await bench.start(TASK, { limits: limits ?? {}, onLimit: "pause" });
    const { reason, message } = await untilWaiting(runId);
    expect(reason).toBe("budget");
    expect(message).not.toBe("");
    const requestsBefore = (await bench.world.model.requests()).length;
    expect(requestsBefore).toBeLessThan(4);
    await bench.world.client.resume(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done at last." });
    expect(requests).toHaveLength(4);
    expectOnlyGrowth(requests);
    const events = await bench.events(runId);
    expect(events.filter(({ type }) => type === "run.waiting")).toMatchObject([
      { reason, message },
    ]);
    expect(events.filter(({ type }) => type === "run.continued")).toHaveLength(1);
  });
});

describe("onLimit pause at the cost cap", () => {
  it("a person can look again but not spend more than the caller allowed", async () => {
    await endless();
    const runId = await bench.start(TASK, { limits: { costMicroUsd: 30_000 }, onLimit: "pause" });
    const { reason } = await untilWaiting(runId);
    expect(reason).toBe("budget");
    const sent = (await bench.world.model.requests()).length;
    const again = bench.world.client.resume(runId);
    await expect(again).rejects.toMatchObject({ code: "NOTHING_CHANGED" });
    await bench.world.client.cancel(runId);
    const { result, requests, billedMicroUsd } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "cancelled" });
    expect(requests).toHaveLength(sent);
    expect(billedMicroUsd).toBeLessThanOrEqual(30_000);
  });
});

describe("the warning at 80 %", () => {
  const notes = (request: Parameters<typeof blocksSent>[0]) =>
    blocksSent(request).filter(({ role }) => role === "system");

  it("reaches the log, the event stream and the model, once", async () => {
    await script(step, step, step, step, { text: "Wrapped up." });
    const runId = await bench.start(TASK, { limits: { modelCalls: 5 } });
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests.map((request) => notes(request).length)).toEqual([0, 0, 0, 0, 1]);
    expect(notes(requests[4]!)[0]?.block).toMatchObject({
      text: expect.stringContaining("80 % of the model calls budget"),
    });
    const warned = { limit: "model_calls", used: 4, cap: 5 };
    expect(bench.logged(runId, "budget_warning")).toMatchObject([warned]);
    const events = await bench.events(runId);
    expect(events.filter(({ type }) => type === "budget.warning")).toMatchObject([warned]);
    expectOnlyGrowth(requests);
  });

  it.each([
    ["a paused turn", { kind: "pause_turn", skip: 7 }, [0, 1]],
    ["an empty reply", { kind: "empty_end_turn", skip: 8 }, [1, 1]],
  ])("does not break the conversation around %s", async (_, fault, noted) => {
    await bench.world.model.script([{ times: 9, reply: step }, { reply: { text: "Wrapped up." } }]);
    await bench.world.model.faults([fault]);
    const { result, requests } = await bench.run(TASK, { limits: { modelCalls: 10 } });
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Wrapped up." });
    expect(requests.map((request) => notes(request).length).slice(-2)).toEqual(noted);
    expectOnlyGrowth(requests);
  });
});
