// The conversation: where it stands, what is new, and what counts as the answer.

import { describe, expect, test } from "@jest/globals";
import { jsonBytesOf } from "../../../../src/domain/json-size.ts";
import { limitsNow, used } from "../../../../src/domain/run/counts.ts";
import { ANSWER_BYTES_MAX, FINDINGS_BYTES_MAX } from "../../../../src/domain/run/talk.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import { calling, given, replied, said, SNAPSHOT, textsIn } from "../../../support/run-story.ts";

const cut = (text: string) => replied(text, { stopReason: "max_tokens" });

describe("a run that was opened", () => {
  test("holds the task by reference and has used nothing", () => {
    const run = given();
    expect(run.state.execution).toBe(0);
    expect(run.memory().talk).toMatchObject({ head: "genesis", entries: [{ ref: "task" }] });
    const nothing = { costMicroUsd: 0, tokens: 0, modelCalls: 0, toolCalls: 0 };
    expect(used(run.memory())).toEqual(nothing);
    expect(limitsNow(run.memory())).toEqual(SNAPSHOT.limits);
  });

  test("is its JSON", () => {
    const { state } = given();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe("R1: a reply", () => {
  test("moves the head, weighs the transcript and clears what was new", () => {
    const usage = { ...NO_USAGE, inputTokens: 100, cacheReadTokens: 20, outputTokens: 7 };
    const run = given().asking(replied("ok", { head: "next", usage }));
    expect(run.memory().talk).toMatchObject({ head: "next", headTokens: 127, entries: [] });
  });

  test("is asked for from where the last one ended", () => {
    const run = given().asking(calling("nothing"));
    expect(run.call()).toMatchObject({ head: run.memory().talk.head, headTokens: 120, turn: 2 });
  });
});

describe("the answer", () => {
  test("is the newest text", () => {
    const run = given().asking(said("well?"), replied("Let me see.")).asking(replied("It is 42."));
    expect(run.memory().talk.answer).toBe("It is 42.");
  });

  test("is joined over all replies that continue one another", () => {
    const run = given().asking(cut("The answer ")).asking(cut("is 42")).asking(replied("."));
    expect(run.memory().talk.answer).toBe("The answer is 42.");
  });

  test("may begin with a continuation", () => {
    expect(given().asking(cut("")).asking(replied("at last")).memory().talk.answer).toBe("at last");
  });

  test("stays where a reply has no text", () => {
    const silent = given().asking(replied(""));
    expect(silent.memory().talk.answer).toBeNull();
    const spoke = given().asking(said("go on"), replied("so far")).asking(calling("nothing"));
    expect(spoke.memory().talk.answer).toBe("so far");
  });

  test("is cut where it is longer than a result can be, in bytes and not in letters", () => {
    for (const letter of ["x", "ü", "\u0001"]) {
      const { answer } = given()
        .asking(replied(letter.repeat(600_000)))
        .memory().talk;
      expect(answer).toMatch(/cut here: the answer is longer than a result can be/);
      expect(jsonBytesOf(answer) - 2).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
      expect(jsonBytesOf(answer)).toBeGreaterThan(ANSWER_BYTES_MAX - 1000);
    }
  });

  test("is cut over continuations, too", () => {
    const run = given()
      .asking(cut("x".repeat(300_000)))
      .asking(replied("y".repeat(300_000)));
    expect(jsonBytesOf(run.memory().talk.answer) - 2).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
  });
});

describe("findings", () => {
  test("are what the tools of the newest reply found, in its order", () => {
    const run = given()
      .asking(calling("calculator"))
      .executing("old")
      .asking(calling("calculator", "calculator"))
      .executing("new");
    expect(run.memory().talk.findings).toBe("new\nnew");
  });

  test("stay bounded, however many tools answer", () => {
    const names = Array.from({ length: 40 }, () => "calculator");
    const reply = calling(...names);
    const { findings } = given().asking(reply).executing("f".repeat(2000)).memory().talk;
    expect(jsonBytesOf(findings) - 2).toBeLessThanOrEqual(FINDINGS_BYTES_MAX);
    expect(findings).toMatch(/^f+\nf.*…$/s);
  });
});

describe("a note of ours", () => {
  /** Sixteen calls of twenty are made: the next one carries a warning. */
  const warned = () => {
    let run = given({ limits: { ...SNAPSHOT.limits, modelCalls: 20 } });
    for (let n = 0; n < 16; n += 1) run = run.asking(calling("nothing"));
    return run;
  };

  test("stands behind all else", () => {
    const texts = textsIn(warned().and(said("be brief")).call());
    expect(texts.slice(-2)).toEqual(["be brief", expect.stringMatching(/^Budget notice/)]);
  });

  test("is the end of the transcript where the reply has no content: only the model may speak then", () => {
    const run = warned().asking(said("hello?"), replied(""));
    expect(run.memory().talk.endsWithNote).toBe(true);
    expect(run.call().entries).toEqual([]);
    const silent = warned().asking(replied("", { stopReason: "max_tokens" }));
    const still = silent.asking(replied("", { stopReason: "max_tokens" }));
    expect(still.call().entries).toEqual([]);
    const heard = run.asking(calling("nothing"));
    expect(heard.memory().talk.endsWithNote).toBe(false);
    expect(textsIn(heard.call())).toContain("hello?");
  });
});
