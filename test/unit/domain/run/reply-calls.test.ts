// Case 18: the content of a reply counts before the reason for which it says that it stopped, and no call of it is
// left without an answer in what is asked next.

import { describe, expect, test } from "@jest/globals";
import type { Reply } from "../../../../src/domain/call.ts";
import { calling, given, replied, said, textsIn } from "../../../support/run-story.ts";

const { toolCalls } = calling("calculator");
const stopped = (stopReason: string, text = ""): Reply => replied(text, { stopReason, toolCalls });
const ANSWER = "answer_call_0_calculator";

describe("a call in a reply that stopped", () => {
  const due = ["tool_use", "end_turn", "stop_sequence", "pause_turn"].flatMap((stopReason) =>
    ["", "I will compute."].map((text) => [stopReason, text] as const),
  );

  test.each(due)("with %s is made and answered, beside the text %j", (stopReason, text) => {
    const run = given().asking(stopped(stopReason, text));
    expect(run.calls()).toMatchObject([{ kind: "cleared" }]);
    expect(textsIn(run.executing().call())).toEqual([ANSWER]);
  });

  test.each(due)("with %s is answered before anybody's word, beside the text %j", (...reply) => {
    const run = given().asking(said("and Rome?"), stopped(...reply));
    expect(textsIn(run.executing().call())).toEqual([ANSWER, "and Rome?"]);
  });

  test.each(["", "I will compute."])("with max_tokens is not made, and told so: %j", (text) => {
    const run = given().asking(said("and Rome?"), stopped("max_tokens", text));
    const [answer, ...more] = textsIn(run.call());
    expect(answer).toMatch(/cut/);
    expect(more).toContain("and Rome?");
    expect(run.memory().counts.toolCalls).toBe(0);
  });

  test.each([
    ["refusal", "refused"],
    ["model_context_window_exceeded", "stopped"],
    ["a_reason_to_come", "failed"],
  ])("with %s is not made, and nothing is asked behind it", (stopReason, end) => {
    const run = given().asking(said("and Rome?"), stopped(stopReason));
    expect(run.outcome().kind).toBe(end);
    expect(run.memory().counts.toolCalls).toBe(0);
  });
});
