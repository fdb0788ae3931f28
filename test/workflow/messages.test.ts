// What people say to a run in flight: the model reads it, once and in order, where the API allows it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Block } from "../../src/domain/message.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import { blocksSent, expectOnlyGrowth, openRunBench, PATIENT } from "../support/run-bench.ts";
import type { RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_HISTORY_MAX_EVENTS: "20" } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const CALL = { name: "calculator", input: { expression: "6*7" } };
const by = "ada";

async function untilHeld(runId: string, requests: number): Promise<void> {
  await until("the request is on hold", async () => {
    const seen = (await bench.world.model.requests()).filter(({ runKey }) => runKey === runId);
    return seen.length === requests && seen.at(-1)?.state === "held";
  });
}

/** What stands behind the newest reply in a request, block by block. */
function newest(request: ModelRequestSeen | undefined): readonly string[] {
  const blocks = request === undefined ? [] : blocksSent(request);
  const behind = blocks.findLastIndex(({ role }) => role === "assistant") + 1;
  return blocks.slice(behind).map(({ block }) => shown(block));
}

const shown = (block: Block): string => ("text" in block ? String(block["text"]) : block.type);

const received = (events: readonly RunEvent[]) =>
  events.filter((event) => event.type === "message.received").map(({ text }) => text);

describe("R7: a message", () => {
  it("to a run whose answer is under way is answered as well, before the run ends", async () => {
    await bench.world.model.script([
      { hold: true, reply: { text: "42." } },
      { reply: { text: "43." } },
    ]);
    const runId = await bench.start("What is 6 times 7?");
    await untilHeld(runId, 1);
    await bench.world.client.say(runId, { text: "And one more?", by });
    await bench.world.model.release();
    const { result, requests } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "43.", modelCalls: 2 });
    expect(newest(requests[1])).toEqual(["And one more?"]);
    expectOnlyGrowth(requests);
    expect(received(await bench.events(runId))).toEqual(["And one more?"]);
  });

  it("stands behind the answers to the tools, and behind what was said before", async () => {
    const reply = { toolCalls: [CALL, CALL] };
    await bench.world.model.script([{ hold: true, reply }, { reply: { text: "Done." } }]);
    const runId = await bench.start("What is 6 times 7?");
    await untilHeld(runId, 1);
    for (const text of ["one", "two", "three"]) await bench.world.client.say(runId, { text, by });
    await bench.world.model.release();
    const { requests } = await bench.ended(runId);
    expect(newest(requests[1])).toEqual(["tool_result", "tool_result", "one", "two", "three"]);
    expect(requests).toHaveLength(2);
  });

  it("that is sent again under its id is heard once, in a fresh history too", async () => {
    const replies = [1, 2, 3, 4].map(() => ({ hold: true, reply: { toolCalls: [CALL] } }));
    await bench.world.model.script([...replies, { reply: { text: "Done." } }]);
    const runId = await bench.start("Go on.");
    for (const turn of [1, 2, 3, 4]) {
      await untilHeld(runId, turn);
      const text = `said in turn ${turn}`;
      const messageId = turn < 3 ? "m1" : `m${turn}`;
      await bench.world.client.say(runId, { text, by, messageId });
      await bench.world.model.release();
    }
    const { requests } = await bench.ended(runId);
    const heard = requests.slice(1).map((request) => newest(request).slice(1));
    expect(heard).toEqual([["said in turn 1"], [], ["said in turn 3"], ["said in turn 4"]]);
    expectOnlyGrowth(requests);
    expect(received(await bench.events(runId))).toEqual(heard.flat());
    const { histories } = await bench.world.client.exportHistories(runId);
    expect(histories.length).toBeGreaterThan(1);
  });

  it("without text, or with too much of it, is refused", async () => {
    const say = (text: string) => bench.world.client.say("run_any", { text, by });
    await expect(say(" \n")).rejects.toMatchObject({ code: "USAGE" });
    await expect(say("é".repeat(16_385))).rejects.toMatchObject({ code: "USAGE" });
    await expect(say("hello")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  it("to a run that ended is refused", async () => {
    await bench.world.model.script([{ reply: { text: "42." } }]);
    const { result } = await bench.run("What is 6 times 7?");
    const late = bench.world.client.say(result.runId, { text: "hello", by });
    await expect(late).rejects.toMatchObject({ code: "RUN_ENDED" });
  });

  it("is refused while a hundred wait, and taken again when they were heard", async () => {
    const reply = { toolCalls: [CALL] };
    await bench.world.model.script([
      { hold: true, reply },
      { hold: true, reply: { text: "Heard." } },
      { reply: { text: "Heard that as well." } },
    ]);
    const runId = await bench.start("Listen.");
    await untilHeld(runId, 1);
    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const text of texts) await bench.world.client.say(runId, { text, by });
    await until("the run says that it is full", async () =>
      bench.world.client.say(runId, { text: "probe", by, messageId: "probe" }).then(
        () => false,
        (error: { code?: string }) => error.code === "INBOX_FULL",
      ),
    );
    await bench.world.model.release();
    await untilHeld(runId, 2);
    await bench.world.client.say(runId, { text: "one more", by });
    await bench.world.model.release();
    const { result, requests } = await bench.ended(runId);
    expect(newest(requests[1]).filter((text) => text !== "probe")).toEqual([
      "tool_result",
      ...texts,
    ]);
    expect(newest(requests[2])).toEqual(["one more"]);
    expect(result.answer).toBe("Heard that as well.");
  });

  it("to a paused run waits until it goes on", async () => {
    await bench.world.model.script([
      { hold: true, reply: { toolCalls: [CALL] } },
      { reply: { text: "42" } },
    ]);
    const runId = await bench.start("Wait.");
    await untilHeld(runId, 1);
    await bench.world.client.pause(runId);
    await bench.world.model.release();
    await until("it is paused", async () => {
      const about = await bench.world.client.show(runId);
      return about.kind === "open" && about.status === "paused";
    });
    await bench.world.client.say(runId, { text: "while paused", by });
    await bench.world.client.resume(runId);
    const { requests } = await bench.ended(runId);
    expect(newest(requests[1])).toEqual(["tool_result", "while paused"]);
  });
});
