// When a conversation is summed up, what is asked then, and what the run goes on from.

import { describe, expect, test } from "@jest/globals";
import type { Reply } from "../../../../src/domain/call.ts";
import { roomForSummary } from "../../../../src/domain/kept-back.ts";
import type { Limits } from "../../../../src/domain/limits.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { branchFrom, isSummaryDue } from "../../../../src/domain/run/summary.ts";
import { summaryMark } from "../../../../src/domain/window.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import {
  calling,
  denied,
  given,
  MODEL,
  replied,
  said,
  SNAPSHOT,
  textsIn,
  weighing,
} from "../../../support/run-story.ts";

const LIMITS: Limits = SNAPSHOT.limits;
const MARK = 35_000;
const OPENING_TOKENS = 2000;
const LONG = denied({ why: "size", limit: "request_tokens", message: "too long" });

/** After its first reply, and then grown to so many tokens. */
function grownTo(tokens: number, last: Reply = calling("nothing"), more: Partial<Snapshot> = {}) {
  return given({ compactAtTokens: MARK, ...more })
    .asking(weighing(OPENING_TOKENS, calling("nothing")))
    .asking(weighing(tokens, last));
}

const due = () => grownTo(MARK);
const purposeOf = (run: ReturnType<typeof given>) => run.call().purpose;

describe("the mark", () => {
  test.each<[string, Partial<Limits>, number, number | null]>([
    ["is seven tenths of the cap on a request", {}, 1_000_000, 35_000],
    ["or of the window, where that is smaller", {}, 40_000, 27_705],
    ["leaves room for a long reply and a summary", { replyTokens: 16_000 }, 1_000_000, 25_992],
    ["is none where there is too little room", { requestTokens: 20_000 }, 1_000_000, null],
    [
      "follows small replies",
      { requestTokens: 8000, replyTokens: 512 },
      1_000_000,
      Math.floor((8000 - 512 - 1536) * 0.9),
    ],
  ])("%s", (_, limits, window, mark) => {
    expect(summaryMark({ ...LIMITS, ...limits }, window)).toBe(mark);
  });

  test("below it a reply and a summary fit into a request together", () => {
    const mark = summaryMark(LIMITS, 1_000_000) ?? Number.NaN;
    const together = mark + LIMITS.replyTokens + roomForSummary(LIMITS);
    expect(together).toBeLessThanOrEqual(LIMITS.requestTokens);
  });
});

describe("a summary is asked for", () => {
  test("from the mark on, and not before", () => {
    expect(purposeOf(grownTo(MARK - 1))).toEqual({ kind: "work" });
    expect(purposeOf(due())).toEqual({ kind: "summary", toolsOff: false });
  });

  test("before it, where a request was too long", () => {
    expect(purposeOf(grownTo(20_000).asking(LONG))).toMatchObject({ kind: "summary" });
  });

  test("never in a run that was opened without", () => {
    const run = given().asking(weighing(OPENING_TOKENS, calling("nothing")));
    expect(purposeOf(run.asking(weighing(49_000, calling("nothing"))))).toEqual({ kind: "work" });
    expect(run.asking(LONG).outcome()).toMatchObject({ limit: "request_tokens" });
  });

  test("with room left for it by the calls before", () => {
    expect(grownTo(20_000).call().budget.keepsFor).toEqual(["summary"]);
    expect(due().call().budget.keepsFor).toEqual([]);
  });

  test("in a call of its own, which leaves what is new to the branch", () => {
    const run = due().and(said("hello?"));
    expect(textsIn(run.call()).join()).not.toMatch(/hello/);
    expect(run.asking(replied("summary")).state.mail.unread).toHaveLength(1);
  });

  const SEARCHING = {
    ...calling("nothing"),
    message: {
      role: "assistant" as const,
      content: [
        { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
        { type: "web_search_tool_result", tool_use_id: "s1", content: [] },
        { type: "server_tool_use", id: "s2", name: "web_search", input: {} },
      ],
    },
  };

  test.each<[string, () => ReturnType<typeof given>]>([
    ["before the first reply of a branch", () => due().asking(replied("summary"))],
    [
      "within an answer that is continued",
      () => grownTo(MARK, replied("so", { stopReason: "max_tokens" })),
    ],
    [
      "in a turn that the provider paused",
      () => grownTo(MARK, replied("hm", { stopReason: "pause_turn" })),
    ],
    ["where the provider has a call of its own open", () => grownTo(MARK, SEARCHING)],
    ["after two failures", () => due().asking(replied("")).asking(replied(""))],
    [
      "where the task itself is that long",
      () =>
        given({ compactAtTokens: MARK })
          .asking(weighing(MARK - 8000, calling("nothing")))
          .asking(weighing(MARK, calling("nothing"))),
    ],
  ])("not %s", (_, run) => {
    expect(purposeOf(run())).toEqual({ kind: "work" });
  });

  test("not behind a note of ours", () => {
    const limits = { ...LIMITS, modelCalls: 10 };
    let run = grownTo(20_000, calling("nothing"), { limits });
    for (let n = 2; n < 8; n += 1) run = run.asking(weighing(20_000, calling("nothing")));
    const silent = run.asking(weighing(MARK, replied("")));
    expect(silent.memory().talk.endsWithNote).toBe(true);
    expect(isSummaryDue(silent.memory())).toBe(false);
  });
});

describe("a request that is too long", () => {
  /** The server's own word, in a conversation of which nobody had said that it is too long. */
  const stated = (contextTokens: number) =>
    denied({ why: "size", limit: "request_tokens", message: "too long", contextTokens });

  test("for a window that its server states is summed up, though no limit of ours is near", () => {
    const run = grownTo(3600).asking(stated(4096));
    expect(purposeOf(run)).toEqual({ kind: "summary", toolsOff: false });
    expect(grownTo(3600).asking(LONG).outcome()).toMatchObject({ limit: "request_tokens" });
  });

  test("and the window is believed for the rest of the run: all calls are told, and it is summed up in time", () => {
    const run = grownTo(3600).asking(stated(4096));
    expect(run.call().budget).toMatchObject({ contextTokens: 4096 });
    const on = run
      .asking(weighing(300, replied("summary")))
      .asking(weighing(400, calling("nothing")));
    expect(on.call().budget).toMatchObject({ contextTokens: 4096, keepsFor: [] });
    expect(purposeOf(on.asking(weighing(3600, calling("nothing"))))).toMatchObject({
      kind: "summary",
    });
  });

  test("of the smallest that was stated", () => {
    const run = grownTo(20_000)
      .asking(stated(16_384))
      .asking(weighing(300, replied("summary")));
    const again = run.asking(weighing(9000, calling("nothing"))).asking(stated(8192));
    expect(again.memory().summaries.contextTokens).toBe(8192);
    expect(again.asking(stated(32_768)).memory().summaries.contextTokens).toBe(8192);
  });

  test("in a run that is never summed up stops it, with what the server said", () => {
    const run = given()
      .asking(weighing(3600, calling("nothing")))
      .asking(stated(4096));
    expect(run.outcome()).toMatchObject({
      kind: "stopped",
      limit: "request_tokens",
      message: "too long",
    });
  });

  const noRoom = { ...LONG, message: "no room" };

  test("makes the run sum up; where that has no room either, a half of it is summed up, and then a quarter", () => {
    const whole = grownTo(20_000).asking(LONG);
    expect(whole.call().headTokens).toBe(20_000);
    const half = whole.asking(noRoom);
    expect(purposeOf(half)).toEqual({ kind: "summary", toolsOff: false, shortened: 1 });
    // It weighs less than the whole, and how much nobody has counted.
    expect(half.call().headTokens).toBe(0);
    const quarter = half.asking(noRoom);
    expect(purposeOf(quarter)).toMatchObject({ shortened: 2 });
    const on = quarter.asking(weighing(300, replied("summary")));
    expect(purposeOf(on)).toEqual({ kind: "work" });
    expect(on.memory().summaries).toMatchObject({ shortened: 0, tooLong: false });
  });

  test("is given up where not even an eighth of it has room, and the run says so", () => {
    let run = grownTo(20_000).asking(LONG);
    for (let times = 0; times <= 3; times += 1) run = run.asking(noRoom);
    expect(purposeOf(run)).toEqual({ kind: "work" });
    expect(run.asking(LONG).outcome()).toEqual({
      kind: "stopped",
      limit: "request_tokens",
      message: "too long; it could not be summed up (no room: no room)",
    });
  });

  test("is reported as it is where nothing failed", () => {
    expect(given().asking(LONG).outcome()).toMatchObject({ message: "too long" });
  });

  test("is no turn", () => {
    expect(grownTo(20_000).asking(LONG).call().turn).toBe(3);
  });

  test("of a stand-in, where a summary was due, is asked of the model that is wanted", () => {
    const fallbacks = { chains: { [MODEL]: ["claude-haiku-5-5"] }, attemptsMax: 2, prices: {} };
    const notBefore = new Date(given().nowMs + 1000).toISOString();
    const stoodIn = grownTo(MARK, calling("nothing"), { fallbacks }).asking(
      denied({ why: "down", notBefore }),
    );
    expect(stoodIn.call()).toMatchObject({
      purpose: { kind: "summary" },
      course: { model: "claude-haiku-5-5" },
    });
    const back = stoodIn.asking(LONG).waiting();
    expect(back.call()).toMatchObject({ purpose: { kind: "summary" }, course: { model: MODEL } });
    expect(back.memory().summaries.failures).toEqual([]);
  });
});

describe("what a run remembers for its next branch", () => {
  const opened = () => given({ compactAtTokens: MARK });

  test("the first prompt, the newest calls, and the tools whose answers were read", () => {
    const usage = { ...NO_USAGE, inputTokens: 10, cacheReadTokens: 5 };
    const asked = opened().asking({ ...calling("made_up"), ref: "r1", usage });
    expect(asked.memory().summaries).toMatchObject({ openingTokens: 15, sources: [] });
    const names = { callId: "call_0_made_up", toolUseId: "toolu_0" };
    expect(asked.memory().talk.asking).toEqual({ ref: "r1", calls: [names] });
    const done = asked.asking(said("more"), replied("ok"));
    expect(done.memory().summaries.openingTokens).toBe(15);
    expect(done.memory().talk.asking).toBeNull();
  });

  test("each tool once, the provider's search too", () => {
    const serverTools = [{ type: "web_search", name: "web_search", max_uses: 3 }];
    const run = given({ compactAtTokens: MARK, serverTools })
      .asking(calling("calculator", "calculator"))
      .executing()
      .asking({ ...replied("ok"), usage: { ...NO_USAGE, webSearchRequests: 1 } });
    expect(run.memory().summaries.sources).toEqual(["calculator", "web_search"]);
  });

  test("what people said and was read, the newest of it word for word", () => {
    const heard = (...texts: readonly string[]) =>
      texts.map((text) => said(text, "queue", `${text.length}${text.slice(0, 9)}`));
    const saidIn = (run: ReturnType<typeof given>) => run.memory().summaries.said;
    const one = opened()
      .and(...heard("one"))
      .asking(calling("nothing"));
    expect(saidIn(one)).toEqual(["one"]);
    const two = one.and(...heard("x".repeat(15_999), "two")).asking(calling("nothing"));
    expect(saidIn(two)).toEqual(["two"]);
    const long = two.and(...heard("y".repeat(30_000))).asking(calling("nothing"));
    expect(saidIn(long)).toEqual(["y".repeat(30_000)]);
    const short = long.and(...heard("short", "shorter")).asking(calling("nothing"));
    expect(saidIn(short)).toEqual(["short", "shorter"]);
  });
});

/** Of six messages of 2,000 characters each. */
test.each<[string, number, number | undefined, number]>([
  ["all of a large window", 50_000, undefined, 6],
  ["a quarter of a small one", 4096, undefined, 2],
  ["a quarter of one of which only the server knows", 50_000, 4096, 2],
  ["the last alone where no more fits", 1500, undefined, 1],
])("what people said is carried into %s", (_, requestTokens, contextTokens, kept) => {
  const limits = { ...LIMITS, requestTokens, replyTokens: 128 };
  const chapters = Array.from({ length: 6 }, (_each, at) => `chapter ${at} `.repeat(200));
  const heard = chapters.map((text, at) => said(text, "queue", `m${at}`));
  const run = given({ compactAtTokens: 1000, limits })
    .asking(weighing(300, calling("nothing")))
    .and(...heard)
    .asking(weighing(3000, calling("nothing")));
  const known = contextTokens === undefined ? {} : { contextTokens };
  const memory = { ...run.memory(), summaries: { ...run.memory().summaries, ...known } };
  const texts = branchFrom(memory, replied("So far.")).flatMap((entry) =>
    "message" in entry ? entry.message.content.map((block) => JSON.stringify(block)) : [],
  );
  const isKept = chapters.map((text) => texts.some((other) => other.includes(text.trim())));
  expect(isKept).toEqual(chapters.map((_text, at) => at >= chapters.length - kept));
});

describe("the question", () => {
  test("gives each open call an answer, so that the API takes it", () => {
    const run = grownTo(MARK, calling("nothing", "nowhere"));
    const blocks = run
      .call()
      .entries.flatMap((entry) => ("message" in entry ? entry.message.content : []));
    expect(blocks.map(({ type }) => type)).toEqual(["tool_result", "tool_result", "text"]);
  });

  test.each<[string, readonly Reply[], RegExp, boolean]>([
    ["leaves the tools on at first, for the cache", [], /at most 1024 words/, false],
    [
      "is for fewer words after a cut",
      [replied("so", { stopReason: "max_tokens" })],
      /at most 512 words/,
      false,
    ],
    ["is put with tools off after an empty one", [replied("")], /at most 512 words/, true],
    ["and after a call of a tool", [calling("calculator")], /at most 512 words/, true],
  ])("%s", (_, failures, words, toolsOff) => {
    const run = failures.reduce((story, reply) => story.asking(reply), due());
    expect(textsIn(run.call()).join()).toMatch(words);
    expect(purposeOf(run)).toEqual({ kind: "summary", toolsOff });
  });
});
