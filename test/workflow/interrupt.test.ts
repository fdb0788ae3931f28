// A person stops the reply in flight: what was written stays, what was paid is charged, and the model
// reads what they said.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import { holdsOf } from "../support/chaos.ts";
import { until } from "../support/processes.ts";
import { blocksSent, expectOnlyGrowth, openRunBench, PATIENT } from "../support/run-bench.ts";
import { microUsd, type RunBench } from "../support/run-bench.ts";
import { openViewer } from "../support/viewer.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const LONG = "A pawl lets a ratchet turn forward and never slip back. ".repeat(8);
const STOP = { text: "Stop. In one word?", by: "ada", mode: "interrupt" } as const;
const ONE_WORD = { reply: { text: "Ratchet." } };

async function requestsOf(runId: string): Promise<readonly ModelRequestSeen[]> {
  return (await bench.world.model.requests()).filter(({ runKey }) => runKey === runId);
}

async function untilHeld(runId: string): Promise<void> {
  await until("the request is on hold", async () =>
    (await requestsOf(runId)).some(({ state }) => state === "held"),
  );
}

const said = (request: ModelRequestSeen | undefined): readonly string[] =>
  (request === undefined ? [] : blocksSent(request)).map(
    ({ role, block }) => `${role}: ${"text" in block ? String(block["text"]) : block.type}`,
  );

/** What must be true of every interrupted run: its books, its transcript and what a viewer holds. */
async function endedWell(runId: string) {
  const seen = await bench.ended(runId);
  expectOnlyGrowth(seen.requests);
  const viewer = openViewer();
  for await (const event of bench.world.client.watch(runId)) viewer.see(event);
  viewer.expectNoGapAndNoDouble();
  expect(seen.result.costUsd).toBeLessThanOrEqual(1);
  return seen;
}

describe("M5: an interrupt", () => {
  it("in mid-stream keeps the text, charges its hold, and the model reads both", async () => {
    await bench.world.model.script([{ reply: { text: LONG } }, ONE_WORD]);
    await bench.world.model.faults([{ kind: "hold", afterEvents: 8 }]);
    const runId = await bench.start("What is a pawl?");
    await untilHeld(runId);
    const live = openViewer();
    const watching = (async () => {
      for await (const event of bench.world.client.watch(runId)) live.see(event);
    })();
    await until("a viewer sees text", () => live.charsTold > 0);
    await bench.world.client.say(runId, STOP);
    const { result, requests } = await endedWell(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Ratchet." });
    const [task, kept, word] = said(requests[1]);
    expect(task).toBe("user: What is a pawl?");
    expect(word).toBe("user: Stop. In one word?");
    const text = kept?.replace("assistant: ", "") ?? "";
    expect(text.length).toBeGreaterThan(0);
    expect(LONG.startsWith(text)).toBe(true);
    const [stopped, answered] = await holdsOf(bench.world, runId);
    expect(stopped).toMatchObject({ state: "settled", spent: stopped?.held });
    expect(microUsd(result.costUsd)).toBe((stopped?.spent ?? 0) + (answered?.spent ?? 0));
    // What nobody counted is said to be an estimate, in the reply and in the bill.
    expect(result).toMatchObject({ crashTaxUsd: 0, modelCalls: 2, usage: { estimated: true } });
    const bills = await bench.world.model.billing(runId);
    expect(bills.map(({ status }) => status)).toEqual(["aborted", "complete"]);
    await watching;
    live.expectNoGapAndNoDouble();
    expect(live.withdrawals).toBe(0);
    const events = await bench.events(runId);
    expect(events.filter(({ type }) => type === "reply.finished")).toMatchObject([
      { stopReason: "interrupted", text, estimated: "stopped" },
      { stopReason: "end_turn" },
    ]);
  });

  it("before the first byte asks anew with the message, and charges the lost attempt", async () => {
    await bench.world.model.script([{ reply: { text: LONG } }, ONE_WORD]);
    await bench.world.model.faults([{ kind: "hold" }]);
    const runId = await bench.start("What is a pawl?");
    await untilHeld(runId);
    await bench.world.client.say(runId, STOP);
    const { result, requests } = await endedWell(runId);
    expect(said(requests[1])).toEqual(["user: What is a pawl?", "user: Stop. In one word?"]);
    expect(result).toMatchObject({
      outcome: { kind: "answered" },
      modelCalls: 1,
      modelAttempts: 2,
    });
    expect(result.crashTaxUsd).toBeGreaterThan(0);
  });

  it("while a tool call is being written drops the call and keeps the text before it", async () => {
    const toolCalls = [{ name: "calculator", input: { expression: "1+".repeat(60) + "1" } }];
    await bench.world.model.script([{ reply: { text: "I'll add.", toolCalls } }, ONE_WORD]);
    await bench.world.model.faults([{ kind: "hold", afterEvents: 7 }]);
    const runId = await bench.start("Add up.");
    await untilHeld(runId);
    await bench.world.client.say(runId, STOP);
    const { result, requests } = await endedWell(runId);
    expect(said(requests[1]).slice(1)).toEqual([
      "assistant: I'll add.",
      "user: Stop. In one word?",
    ]);
    expect(result.toolCalls).toBe(0);
  });

  it("between two attempts does not wait for the next one", async () => {
    await bench.world.model.script([ONE_WORD]);
    await bench.world.model.faults([{ kind: "overloaded", retryAfterS: 600 }]);
    const runId = await bench.start("What is a pawl?");
    await until("it failed", () => bench.logged(runId, "model_retry").length === 1);
    await bench.world.client.say(runId, STOP);
    const { requests } = await endedWell(runId);
    expect(said(requests[1])).toEqual(["user: What is a pawl?", "user: Stop. In one word?"]);
  });

  it("of a reply whose worker was killed is heard by the run that goes on", async () => {
    await bench.world.model.script([{ reply: { text: LONG } }, ONE_WORD]);
    await bench.world.model.faults([{ kind: "hold", afterEvents: 8 }]);
    const runId = await bench.start("What is a pawl?");
    await untilHeld(runId);
    await bench.world.startWorker();
    await bench.worker.kill();
    await bench.world.client.say(runId, STOP);
    const { result, requests } = await endedWell(runId);
    // Whether the attempt that takes over hears of it in time or not, the message is read.
    expect(said(requests.at(-1)).at(-1)).toBe("user: Stop. In one word?");
    expect(result.crashTaxUsd).toBeGreaterThan(0);
    expect(result.outcome).toEqual({ kind: "answered" });
  });

  it("at any moment of a stream leaves right books and one story", async () => {
    await bench.world.model.pace(3);
    const rounds = Array.from({ length: 12 }, (_, index) => index);
    const runs = rounds.map(async (round) => {
      const runId = await bench.start(`Look ${round} up: what is the population of Earth?`);
      await until("it began", async () => (await requestsOf(runId)).length > 0);
      await until("so much of it was sent", async () => {
        const [first] = await requestsOf(runId);
        return first !== undefined && (first.eventsSent >= round * 3 || first.state === "done");
      });
      await bench.world.client.say(runId, STOP).catch(() => undefined);
      return await endedWell(runId);
    });
    for (const { result } of await Promise.all(runs)) {
      expect(result.outcome).toEqual({ kind: "answered" });
    }
  });
});
