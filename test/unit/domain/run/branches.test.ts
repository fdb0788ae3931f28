// What a run goes on from once its conversation was summed up, and what happens where there is no summary.

import { describe, expect, test } from "@jest/globals";
import type { Reply } from "../../../../src/domain/call.ts";
import {
  calling,
  denied,
  given,
  MODEL,
  replied,
  said,
  textsIn,
  weighing,
  type Story,
} from "../../../support/run-story.ts";

const MARK = 35_000;
const OPUS = "claude-opus-5-5";
const fallbacks = { chains: { [MODEL]: [OPUS] }, attemptsMax: 2, prices: {} };

/** Tools are called, and the conversation has become so long that it must be summed up. */
const due = () =>
  given({ compactAtTokens: MARK })
    .asking(weighing(2000, calling("nothing")))
    .asking(weighing(MARK, calling("calculator")))
    .executing();
const summary = (more: Partial<Reply> = {}) => replied("All is well.", { ref: "summary", ...more });
const answerRefs = (run: Story) => textsIn(run.call()).filter((text) => text.startsWith("answer_"));

describe("the branch", () => {
  test("begins where the run did, with the task, the summary and the label of its sources", () => {
    const run = due().asking(summary());
    expect(run.call()).toMatchObject({ head: "genesis", headTokens: 0, purpose: { kind: "work" } });
    const texts = textsIn(run.call());
    expect(texts.slice(0, 2)).toEqual(["task", "summary"]);
    expect(texts[2]).toMatch(/^Go on from your summary above.*from these tools: calculator\./);
    expect(run.call().entries[1]).toEqual({ ref: "summary", bare: true });
  });

  test("takes along the newest calls, and then their answers", () => {
    const run = due();
    const { asking } = run.memory().talk;
    const { entries } = run.asking(summary()).call();
    expect(entries.slice(-2)).toEqual([
      { ref: asking?.ref, bare: true },
      { ref: "answer_call_0_calculator" },
    ]);
  });

  test("takes along what people said, and says that the summary was cut", () => {
    const run = given({ compactAtTokens: MARK })
      .asking(weighing(2000, calling("nothing")))
      .and(said("be brief"))
      .asking(weighing(MARK, calling("nothing")))
      .asking(replied(""))
      .asking(summary({ stopReason: "max_tokens" }));
    const texts = textsIn(run.call());
    expect(texts[1]).toBe("Said by the user since then, word for word:\n\nbe brief");
    expect(texts[3]).toMatch(/^Go on from your summary above.*It was cut at its end\.$/);
  });

  test("is where people are heard who spoke while it was summed up", () => {
    const run = due().asking(said("and Rome?"), summary());
    expect(textsIn(run.call()).at(-1)).toBe("and Rome?");
  });

  test("is grown from the next reply on; the summary is a reply that costs, and no answer", () => {
    const run = due().asking(summary({ costMicroUsd: 70 }));
    expect(run.memory().talk.answer).toBeNull();
    expect(run.memory().counts).toMatchObject({ turn: 3, spentMicroUsd: 1270 });
    const next = run.asking(weighing(3000, calling("nothing")));
    expect(next.memory().talk).toMatchObject({ headTokens: 3000 });
    expect(next.call().purpose).toEqual({ kind: "work" });
  });

  test("has the model of the summary as its author, and that of the open calls", () => {
    const elsewhere = given({ compactAtTokens: MARK, fallbacks })
      .asking(weighing(2000, calling("nothing")))
      .asking({ ...weighing(MARK, calling("nothing")) })
      .asking(denied({ why: "down", notBefore: new Date(given().nowMs + 9000).toISOString() }))
      .asking(summary({ model: OPUS }));
    expect(elsewhere.memory().models.authors).toEqual([
      { model: OPUS, replies: 1 },
      { model: MODEL, replies: 1 },
    ]);
  });
});

describe("a reply is no summary", () => {
  test.each<[string, Reply, RegExp | null]>([
    ["but for one that ended", summary(), null],
    ["or stopped at a sequence", summary({ stopReason: "stop_sequence" }), null],
    ["where it calls a tool", calling("calculator"), /called a tool/],
    ["where it says nothing", replied(" "), /empty \(end_turn\)/],
    ["where it was refused half way", summary({ stopReason: "refusal" }), /ended with refusal/],
    ["where it was cut", summary({ stopReason: "max_tokens" }), /cut/],
  ])("%s", (_, reply, why) => {
    const { failures } = due().asking(reply).memory().summaries;
    if (why === null) expect(failures).toEqual([]);
    else expect(failures).toEqual([expect.stringMatching(why)]);
  });

  test("but the second that was cut must do", () => {
    const cut = summary({ stopReason: "max_tokens" });
    const run = due().asking(cut).asking(cut);
    expect(run.memory().summaries.failures).toEqual([]);
    expect(run.call().head).toBe("genesis");
  });

  test("and is no part of the conversation: what was to be told is told behind it", () => {
    const run = due();
    const { head } = run.memory().talk;
    const failed = run.asking(replied(""));
    expect(failed.memory().talk.head).toBe(head);
    expect(answerRefs(failed.asking(replied("")))).toEqual(["answer_call_0_calculator"]);
  });

  test("twice, and the run goes on as it is, until no request can hold it", () => {
    const run = due().asking(replied("")).asking(replied(""));
    expect(run.call()).toMatchObject({ purpose: { kind: "work" }, head: run.memory().talk.head });
    const long = denied({ why: "size", limit: "request_tokens", message: "too long" });
    expect(run.asking(long).outcome()).toEqual({
      kind: "stopped",
      limit: "request_tokens",
      message: "too long; it could not be summed up (the summary was empty (end_turn))",
    });
  });

  test("a summary that comes to be forgets what failed before", () => {
    const run = due().asking(replied("")).asking(summary());
    expect(run.memory().summaries).toMatchObject({ failures: [], tooLong: false });
  });

  test("F2: where the model refuses, another is asked the same, and nothing has failed", () => {
    const run = given({ compactAtTokens: MARK, fallbacks })
      .asking(weighing(2000, calling("nothing")))
      .asking(weighing(MARK, calling("nothing")));
    const refused = run.asking(summary({ stopReason: "refusal" }));
    expect(refused.memory().summaries.failures).toEqual([]);
    expect(refused.call()).toMatchObject({
      purpose: { kind: "summary", toolsOff: false },
      entries: run.call().entries,
      course: { model: OPUS, change: { reason: "refused" } },
    });
    expect(refused.asking(summary({ model: OPUS })).call().head).toBe("genesis");
  });
});

test("a run that stops is not summed up first", () => {
  const run = given({ compactAtTokens: MARK, wrapUp: true })
    .asking(weighing(2000, calling("nothing")))
    .asking({ ...weighing(MARK, calling("nothing")), costMicroUsd: 1_000_000 });
  expect(run.call().purpose).toMatchObject({ kind: "wrap_up" });
});
