// A run whose model ends while it is under way: it goes on with a stand-in, or says which to take instead.

import { describe, expect, test } from "@jest/globals";
import { MODELS } from "../../../../src/domain/prices.ts";
import { priceOn } from "../../../../src/domain/pricing.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { calling, denied, ended, given, MODEL, replied } from "../../../support/run-story.ts";

const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";
const retired = () => denied({ why: "retired", message: "its last day was yesterday" });

function standingIn(...chain: readonly string[]): Partial<Snapshot> {
  const prices = [MODEL, ...chain].map(
    (model) => [model, priceOn(MODELS[model]!, "2026-11-26")] as const,
  );
  return {
    fallbacks: { chains: { [MODEL]: chain }, attemptsMax: 3, prices: Object.fromEntries(prices) },
  };
}

describe("a model that is served no more", () => {
  test("ends a run that has no stand-in, with what it has", () => {
    const run = given().asking(replied("Half of it.", { stopReason: "max_tokens" }), retired());
    const end = given().asking(retired());
    expect(end.step()).toEqual({
      kind: "close",
      outcome: { kind: "failed", code: "MODEL_RETIRED", message: "its last day was yesterday" },
    });
    expect(run.memory().talk.answer).toBe("Half of it.");
  });

  test("parks no run: nobody can raise it", () => {
    expect(given({}, { onLimit: "pause" }).asking(retired()).step()).toMatchObject({
      kind: "close",
      outcome: { code: "MODEL_RETIRED" },
    });
  });

  test("is followed by the next of its chain at once, which is told, and stays", () => {
    const reply = calling("calculator");
    const run = given(standingIn(OPUS))
      .asking(reply)
      .and(ended(reply.toolCalls[0]!.callId))
      .asking(retired());
    expect(run.call().course).toMatchObject({
      model: OPUS,
      wanted: MODEL,
      change: { from: MODEL, reason: "retired", message: "its last day was yesterday" },
    });
    const again = calling("calculator");
    const muchLater = run
      .asking(again)
      .and(ended(again.toolCalls[0]!.callId))
      .after(30 * 86_400_000);
    expect(muchLater.call().course.model).toBe(OPUS);
    expect(muchLater.call().course.change).toBeUndefined();
    // Both replies were of the model that has ended.
    expect(muchLater.call().budget.lastReplyMicroUsd).toBeNull();
  });

  test("ends the run where the whole chain has ended", () => {
    const run = given(standingIn(OPUS, HAIKU)).asking(retired());
    expect(run.call().course.model).toBe(OPUS);
    const second = run.asking(retired());
    expect(second.call().course.model).toBe(HAIKU);
    expect(second.asking(retired()).step()).toMatchObject({
      kind: "close",
      outcome: { kind: "failed", code: "MODEL_RETIRED" },
    });
  });

  test("ends a run that is bound to it, whoever stands in", () => {
    const thought = replied("", { stopReason: "max_tokens" });
    const content = [{ type: "thinking", thinking: "so far", signature: "s" }];
    const bound = { ...thought, message: { role: "assistant" as const, content } };
    const run = given(standingIn(OPUS)).asking(bound);
    expect(run.memory().models.boundTo).toBe(MODEL);
    expect(run.asking(retired()).step()).toMatchObject({ outcome: { code: "MODEL_RETIRED" } });
  });

  test("chooses no tier: the run takes the medium one", () => {
    const models = { simple: HAIKU, medium: MODEL, complex: OPUS };
    const routing = { policy: "by-classifier", models, openingTokens: 10 } as const;
    const run = given({ routing });
    expect(run.call()).toMatchObject({ purpose: { kind: "route" }, course: { model: HAIKU } });
    expect(run.asking(retired()).call()).toMatchObject({
      purpose: { kind: "work" },
      course: { model: MODEL },
    });
  });
});

test("what a stand-in finds too large an image, the model that is wanted may take", () => {
  const away = denied({ why: "down", notBefore: "2026-11-26T12:00:01.000Z" });
  const run = given(standingIn(OPUS)).asking(away);
  expect(run.call().course.model).toBe(OPUS);
  const rejected = run.asking({ kind: "failed", code: "IMAGE_TOO_LARGE", message: "8000 pixels" });
  expect(rejected.step()).toMatchObject({ kind: "wait", wait: { reason: "capacity" } });
});
