// Who is asked while a model takes no calls, or has refused, and when the run goes back to it.

import { describe, expect, test } from "@jest/globals";
import type { Denial, Reply } from "../../../../src/domain/call.ts";
import { MODELS } from "../../../../src/domain/prices.ts";
import { priceOn } from "../../../../src/domain/pricing.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import {
  calling,
  denied,
  given,
  MODEL as SONNET,
  replied,
  said,
  START_MS,
  textsIn,
  type Story,
} from "../../../support/run-story.ts";

const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";
const MINUTE_MS = 60_000;

const priceOf = (model: string) => priceOn(MODELS[model]!, "2026-11-21");

function opened(chain: readonly string[] = [OPUS, HAIKU]): Story {
  const prices = Object.fromEntries([SONNET, OPUS, HAIKU].map((name) => [name, priceOf(name)]));
  return given({ fallbacks: { chains: { [SONNET]: chain }, attemptsMax: 3, prices } });
}

const inMs = (ms: number, atMs = START_MS): string => new Date(atMs + ms).toISOString();
const away = (why: "down" | "overloaded", forMs: number, atMs = START_MS): Denial =>
  denied({ why, notBefore: inMs(forMs, atMs), message: "it is away" }, atMs);
const down = (forMs = 3000, atMs = START_MS) => away("down", forMs, atMs);
const refusal = (): Reply => replied("I can begin", { stopReason: "refusal" });
const modelOf = (run: Story) => run.call().course.model;

describe("while a model takes no calls", () => {
  test("the next of its chain is asked at once, with the reason, and once is enough", () => {
    const run = opened();
    expect(run.call().course).toEqual({ model: SONNET, wanted: SONNET, why: "", attemptsMax: 3 });
    const elsewhere = run.asking(down());
    expect(elsewhere.call().course).toEqual({
      model: OPUS,
      wanted: SONNET,
      why: "",
      attemptsMax: 3,
      change: { from: SONNET, reason: "down", message: "it is away" },
      weighedBy: SONNET,
    });
    const again = elsewhere.asking({ ...calling("nothing"), model: OPUS });
    expect(again.call().course).toMatchObject({ model: OPUS, wanted: SONNET });
    expect(again.call().course.change).toBeUndefined();
  });

  test("an attempt that was lost of it costs, and is no turn", () => {
    const run = opened().asking({ ...down(), crashTaxMicroUsd: 50 });
    expect(run.memory().counts).toMatchObject({ spentMicroUsd: 50 });
    expect(run.call().turn).toBe(1);
  });

  test("and where all are away, the run waits for the first that may be asked", () => {
    const run = opened().asking(down(3000)).asking(down(5000));
    expect(run.call().course).toMatchObject({ model: HAIKU, attemptsMax: 3 });
    const waits = run.asking(down(9000));
    expect(waits.wait()).toEqual({
      reason: "capacity",
      message: "it is away",
      nextAttemptAt: inMs(3000),
      limit: null,
    });
    expect(waits.waiting().call().course).toMatchObject({
      model: SONNET,
      change: { from: HAIKU, reason: "down" },
    });
  });

  test.each(["rate_limited", "in_line"] as const)(
    "%s is waited out: it says nothing of another model",
    (why) => {
      const run = opened().asking(denied({ why, notBefore: inMs(3000) }));
      expect(run.wait()).toMatchObject({ reason: "capacity", nextAttemptAt: inMs(3000) });
      expect(modelOf(run.waiting())).toBe(SONNET);
    },
  );

  test("a run without stand-ins waits, however wrong the clocks are", () => {
    const run = given();
    expect(run.call().course).toEqual({ model: SONNET, wanted: SONNET, why: "" });
    expect(run.asking(down(-9000)).wait()).toMatchObject({ nextAttemptAt: inMs(200) });
    expect(run.asking(down(9_000_000)).wait()).toMatchObject({ nextAttemptAt: inMs(300_000) });
    expect(modelOf(run.asking(down()).waiting())).toBe(SONNET);
  });
});

describe("F3: a stand-in that can't serve the run is passed over", () => {
  const spent = denied({ why: "cap", limit: "cost", resetsAt: null });
  const rejected: RunFact = { kind: "failed", code: "PROVIDER_REJECTED", message: "400" };

  test.each<[string, RunFact]>([
    ["too dear", spent],
    ["its window is too small", denied({ why: "size", limit: "request_tokens" })],
    ["it takes the request for wrong", rejected],
  ])("%s", (_, unfit) => {
    const stoodIn = opened([OPUS]).asking(down(3000));
    expect(modelOf(stoodIn)).toBe(OPUS);
    const waits = stoodIn.asking(unfit);
    expect(waits.memory().counts.turn).toBe(0);
    expect(waits.wait()).toMatchObject({ reason: "capacity", nextAttemptAt: inMs(3000) });
    const back = waits.waiting();
    expect(back.call().course).toMatchObject({
      model: SONNET,
      change: { from: OPUS, reason: "unfit" },
    });
    // Nobody else will ever be asked, so every attempt is worth making.
    expect(back.call().course.attemptsMax).toBeUndefined();
    expect(modelOf(back.asking(down(7000, back.nowMs)).waiting())).toBe(SONNET);
  });

  test("whether a person interrupts before or after it is told: they are heard by who is asked next", () => {
    const speaks: RunFact = said("stop", "interrupt");
    const stoodIn = opened([OPUS, HAIKU]).asking(down());
    const [before, after] = [stoodIn.asking(speaks, rejected), stoodIn.asking(rejected, speaks)];
    expect(before.state).toEqual(after.state);
    expect(before.call()).toMatchObject({ turn: 1, course: { model: HAIKU } });
    expect(textsIn(before.call())).toEqual(["task", "stop"]);
  });

  test("what the wanted model is denied ends the run as before", () => {
    expect(opened().asking(spent).outcome()).toMatchObject({ kind: "stopped", limit: "cost" });
    expect(opened().asking(rejected).outcome()).toMatchObject({
      kind: "failed",
      code: "PROVIDER_REJECTED",
    });
  });

  test("so do the run's own tokens, whoever is asked", () => {
    const run = opened().asking(down());
    expect(run.asking(denied({ why: "size", limit: "tokens" })).outcome()).toMatchObject({
      kind: "stopped",
      limit: "tokens",
    });
  });

  test("and any other failure of a stand-in", () => {
    const run = opened().asking(down());
    expect(run.asking({ kind: "failed", code: "PROVIDER_AUTH", message: "401" }).outcome()).toEqual(
      { kind: "failed", code: "PROVIDER_AUTH", message: "401" },
    );
  });
});

describe("F2: a refusal that another model is asked about", () => {
  test("is counted and paid, and no part of the conversation", () => {
    const run = opened().asking({ ...refusal(), costMicroUsd: 70, head: "refused" });
    expect(run.memory().talk).toMatchObject({
      head: "genesis",
      headTokens: 0,
      answer: null,
      entries: [{ ref: "task" }],
    });
    expect(run.memory().counts).toMatchObject({ spentMicroUsd: 70, turn: 1 });
    expect(run.call()).toMatchObject({
      turn: 2,
      course: { model: OPUS, change: { from: SONNET, reason: "refused" } },
    });
  });

  test("is not asked again, however long the run lasts", () => {
    let run = opened().asking(refusal());
    for (let turn = 1; turn < 5; turn += 1) {
      run = run
        .asking({ ...calling("nothing"), model: OPUS, costMicroUsd: 100_000 })
        .after(1000 * MINUTE_MS);
      expect(modelOf(run)).toBe(OPUS);
    }
  });

  test("is the end where nobody is left to ask", () => {
    const run = opened([OPUS])
      .asking(refusal())
      .asking({ ...refusal(), head: "refused" });
    expect(run.memory().talk.head).toBe("refused");
    expect(run.outcome()).toEqual({ kind: "refused", message: "the model refused the task" });
  });

  test("says what it was about where the provider does", () => {
    const run = given().asking({ ...refusal(), refusalCategory: "cyber" });
    expect(run.outcome()).toMatchObject({ kind: "refused", category: "cyber" });
  });
});

describe("F1: a run stays with its model", () => {
  test("where a reply is nothing but thinking", () => {
    const content = [{ type: "thinking", thinking: "…", signature: "s" }];
    const thought = replied("", { message: { role: "assistant", content } });
    const run = opened().asking(thought);
    expect(run.call().course).toEqual({ model: SONNET, wanted: SONNET, why: "" });
    const waits = run.asking(down(4000));
    expect(waits.wait()).toMatchObject({ nextAttemptAt: inMs(4000) });
    const back = waits.waiting();
    expect(modelOf(back)).toBe(SONNET);
    expect(back.asking(refusal()).outcome()).toMatchObject({ kind: "refused" });
  });

  test("while the provider wants its turn back", () => {
    const run = opened().asking(replied("hm", { stopReason: "pause_turn" }));
    const waits = run.asking(down(4000));
    expect(waits.wait()).toMatchObject({ nextAttemptAt: inMs(4000) });
    const over = waits.waiting().asking(calling("nothing"));
    expect(modelOf(over.asking(down(4000, over.nowMs)))).toBe(OPUS);
  });
});

describe("the way back", () => {
  const stoodIn = (chain: readonly string[]): Story =>
    opened(chain).asking(calling("nothing")).asking(down());
  const replyOf = (model: string, promptTokens: number): Reply => {
    const usage = { ...NO_USAGE, cacheReadTokens: promptTokens, outputTokens: 500 };
    const { cacheRead, output } = priceOf(model);
    const costMicroUsd = (promptTokens * cacheRead + 500 * output) / 1_000_000;
    return { ...calling("nothing"), model, usage, costMicroUsd };
  };

  test("is not tried within a minute, then twice as long after each time in vain", () => {
    const run = stoodIn([HAIKU]).asking(replyOf(HAIKU, 1000));
    expect(modelOf(run.after(MINUTE_MS - 1))).toBe(HAIKU);
    const back = run.after(MINUTE_MS);
    expect(back.call().course).toMatchObject({ model: SONNET, change: { reason: "returned" } });
    const gone = back.asking(down(3000, back.nowMs));
    expect(modelOf(gone)).toBe(HAIKU);
    const served = gone.asking(replyOf(HAIKU, 1000));
    expect(modelOf(served.after(2 * MINUTE_MS - 1))).toBe(HAIKU);
    expect(modelOf(served.after(2 * MINUTE_MS))).toBe(SONNET);
  });

  test("from a dearer stand-in is taken once staying has cost as much as the way", () => {
    const promptTokens = 20_000;
    const extra = (promptTokens * (200_000 - 100_000) + 500 * 10_000_000) / 1_000_000;
    const way = ((promptTokens + 500) * (2_500_000 - 100_000)) / 1_000_000;
    const turns = Math.ceil(way / extra);
    expect(turns).toBeGreaterThan(2);
    let run = stoodIn([OPUS]);
    for (let turn = 1; turn < turns; turn += 1) {
      run = run.asking(replyOf(OPUS, promptTokens));
      expect([turn, modelOf(run.after(2 * MINUTE_MS))]).toEqual([turn, OPUS]);
    }
    run = run.asking(replyOf(OPUS, promptTokens));
    expect(modelOf(run.after(2 * MINUTE_MS))).toBe(SONNET);
  });

  test("is taken at once where the stand-in goes away as well", () => {
    const run = stoodIn([OPUS]).asking(replyOf(OPUS, 1000)).after(10_000);
    const gone = run.asking(away("overloaded", 12_000, run.nowMs));
    expect(gone.call().course).toMatchObject({
      model: SONNET,
      change: { from: OPUS, reason: "overloaded" },
      authors: [
        { model: SONNET, replies: 1 },
        { model: OPUS, replies: 1 },
      ],
      weighedBy: OPUS,
    });
  });

  test("whoever replies is back", () => {
    const run = stoodIn([HAIKU]).asking(replyOf(HAIKU, 1000)).after(MINUTE_MS);
    const back = run.asking(calling("nothing"));
    expect(back.memory().models).toMatchObject({ away: [], extraMicroUsd: 0 });
    expect(modelOf(back)).toBe(SONNET);
  });

  test("can be carried to a fresh history as JSON", () => {
    const { state } = stoodIn([OPUS]);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
