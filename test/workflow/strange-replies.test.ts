// What a run makes of replies that are not what one hoped for.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import {
  blocksSent,
  expectOnlyGrowth,
  lastAnswers,
  microUsd,
  openRunBench,
  PATIENT,
  type RunBench,
} from "../support/run-bench.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const TASK = "What is 6 times 7?";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const script = (...replies: readonly object[]): Promise<void> =>
  bench.world.model.script(replies.map((reply) => ({ reply })));
const faulty = (...faults: readonly object[]): Promise<void> => bench.world.model.faults(faults);

describe("tool calls", () => {
  it("R3: parallel calls are answered in their order, in one user message", async () => {
    const inputs = ["1+1", "2+2", "(", "4+4"].map((expression) => ({ expression }));
    const search = { name: "web_search", input: { query: "population of Earth" } };
    const calls = [search, ...inputs.map((input) => ({ name: "calculator", input })), search];
    await script({ text: "Working.", toolCalls: calls }, { text: "Done." });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(result.toolCalls).toBe(6);
    const { asked, answered } = lastAnswers(requests[1]!);
    expect(asked).toHaveLength(6);
    expect(answered.map(({ id }) => id)).toEqual(asked);
    expect(answered.map(({ isError }) => isError)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(answered[1]?.text).toContain('"result":2');
    expect(answered[4]?.text).toContain('"result":8');
    expectOnlyGrowth(requests);
  });

  it("R3: sixty-four calls at once get sixty-four answers", async () => {
    await script({ toolCalls: [CALL] }, { text: "Done." });
    await faulty({ kind: "parallel_calls", count: 64 });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toEqual({ kind: "answered" });
    const { asked, answered } = lastAnswers(requests[1]!);
    expect(answered.map(({ id }) => id)).toEqual(asked);
    expect(answered).toHaveLength(64);
  });

  it.each([
    ["a tool that does not exist", { name: "teleport", input: {} }, /no tool named teleport/],
    ["arguments that its schema refuses", { name: "calculator", input: { sum: 1 } }, /expression/],
    ["a tool that fails", { name: "calculator", input: { expression: "1/0" } }, /suggestion/],
  ])("R4: %s is answered with an error, and the run goes on", async (_, call, says) => {
    await script({ toolCalls: [call] }, { text: "It can't be done." });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(result.answer).toBe("It can't be done.");
    expect(requests).toHaveLength(2);
    const { answered } = lastAnswers(requests[1]!);
    expect(answered).toMatchObject([{ isError: true }]);
    expect(answered[0]?.text).toMatch(says);
  });

  it("R4: broken JSON is told to the model and never executed", async () => {
    await script({ toolCalls: [CALL] }, { text: "42" });
    await faulty({ kind: "invalid_tool_json" });
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 0 });
    expect(lastAnswers(requests[1]!).answered).toMatchObject([{ isError: true }]);
  });

  it("R4: broken JSON is corrected at most three times in a row", async () => {
    await faulty({ kind: "invalid_tool_json", times: 50 });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "TOOL_INPUT_INVALID" });
    expect(requests).toHaveLength(3);
    expect(result.toolCalls).toBe(0);
  });

  it("a call that max_tokens cut is never executed, and asked for again", async () => {
    await script({ toolCalls: [CALL] }, { text: "42" });
    await faulty({ kind: "max_tokens_mid_tool" });
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 0, answer: "42" });
    const { asked, answered } = lastAnswers(requests[1]!);
    expect(answered).toMatchObject([{ id: asked[0], isError: true }]);
    expect(answered[0]?.text).toContain("cut");
  });

  it.each(["end_turn", "stop_sequence", "pause_turn"])(
    "a call in a reply that says %s is executed and answered",
    async (stopReason) => {
      await script({ text: "I will compute.", toolCalls: [CALL], stopReason }, { text: "42" });
      const { result, requests } = await bench.run(TASK);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 1, answer: "42" });
      expect(requests).toHaveLength(2);
      const { asked, answered } = lastAnswers(requests[1]!);
      expect(answered).toMatchObject([{ id: asked[0], isError: false }]);
      expectOnlyGrowth(requests);
    },
  );

  it("a call without text in a reply that says stop_sequence is executed, and no nudge sent", async () => {
    await script({ toolCalls: [CALL, CALL], stopReason: "stop_sequence" }, { text: "42" });
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 2 });
    expect(JSON.stringify(requests[1]?.body)).not.toContain("Please continue");
  });

  it("calls in a reply with a stop reason that nobody knows are not executed, and none is left open", async () => {
    await script({ toolCalls: [CALL], stopReason: "future_reason" });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "UNKNOWN_STOP_REASON" });
    expect(result.toolCalls).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it("text of nothing but white space beside a call is not sent back", async () => {
    await script({ text: "\n\n", toolCalls: [CALL] }, { text: "42" });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests).toHaveLength(2);
  });

  it("a reply that stops for tools and calls none is asked to continue", async () => {
    await script({ text: "Let me see.", stopReason: "tool_use" }, { text: "42" });
    const { result } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42" });
  });
});

describe("ends of a reply", () => {
  it.each([
    ["before a word was said is free", "pre", 0],
    ["in mid-reply costs what was said", "mid", 1],
  ])("a refusal %s", async (_, when, costMicroUsdMin) => {
    await faulty({ kind: "refusal", when, category: "cyber" });
    const { result, requests, billedMicroUsd } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "refused", category: "cyber" });
    expect(result.answer).toBeNull();
    expect(requests).toHaveLength(1);
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
    expect(billedMicroUsd).toBeGreaterThanOrEqual(costMicroUsdMin);
    if (when === "pre") expect(billedMicroUsd).toBe(0);
  });

  it("a paused turn goes on where it stopped", async () => {
    await script({}, {}, {}, { text: "Found it." });
    await faulty({ kind: "pause_turn", times: 3 });
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, modelCalls: 4 });
    expect(requests).toHaveLength(4);
    expectOnlyGrowth(requests);
    expect(blocksSent(requests[3]!).filter(({ role }) => role === "user")).toHaveLength(1);
  });

  it("a turn that is paused again and again ends the run", async () => {
    await faulty({ kind: "pause_turn", times: 50 });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "PROVIDER_REJECTED" });
    expect(requests).toHaveLength(6);
    expect(result.partial).toBe(true);
  });

  it("an empty reply gets one nudge", async () => {
    await script({}, { text: "42" });
    await faulty({ kind: "empty_end_turn" });
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42" });
    expect(requests).toHaveLength(2);
    expect(blocksSent(requests[1]!).at(-1)?.block).toMatchObject({ text: "Please continue." });
    expectOnlyGrowth(requests);
  });

  it("a second empty reply ends the run", async () => {
    await faulty({ kind: "empty_end_turn", times: 50 });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "EMPTY_REPLY" });
    expect(requests).toHaveLength(2);
    expect(result).toMatchObject({ answer: null, partial: false });
  });

  it("stumbles of different kinds are counted apart", async () => {
    await script({}, {}, {}, { toolCalls: [CALL] }, { text: "42" });
    await faulty(
      { kind: "pause_turn", times: 2 },
      { kind: "empty_end_turn" },
      { kind: "invalid_tool_json" },
    );
    const { result, requests } = await bench.run(TASK);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42" });
    expect(requests).toHaveLength(5);
  });

  it("a stop reason that nobody knows ends the run with what there is", async () => {
    await script({ text: "Half an answer" });
    await faulty({ kind: "unknown_stop_reason" });
    const { result, requests } = await bench.run(TASK);
    expect(result.outcome).toMatchObject({ kind: "failed", code: "UNKNOWN_STOP_REASON" });
    expect((result.outcome as { message: string }).message).toContain("future_reason");
    expect(result).toMatchObject({ answer: "Half an answer", partial: true });
    expect(requests).toHaveLength(1);
  });
});

describe("R1: the transcript only grows", () => {
  it("each request begins with all of the one before it, thinking included", async () => {
    const { result, requests } = await bench.run(
      "What is the population of Earth, and how many people is that per square kilometre of land? The land area is 148,940,000 km².",
    );
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expectOnlyGrowth(requests);
  });

  it("signed thinking comes back byte for byte through tools, pauses and nudges", async () => {
    const turn = { thinking: "Step by step — naïve, “quoted”, 🧮.", toolCalls: [CALL] };
    await script(turn, turn, { thinking: "Hm." }, { ...turn, text: "So:" }, { text: "42" });
    const { result, requests } = await bench.run(TASK, { model: "claude-fable-5-2" });
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42" });
    expect(requests).toHaveLength(5);
    const thinking = blocksSent(requests[4]!).filter(({ block }) => block.type === "thinking");
    expect(thinking).toHaveLength(4);
    expectOnlyGrowth(requests);
  });
});
