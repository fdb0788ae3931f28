import { expect, test } from "@jest/globals";
import { textOf } from "../../../../src/domain/message.ts";
import { evolve } from "../../../../src/domain/run/evolve.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { flagsOf } from "../../../../src/domain/run/flagged.ts";
import { hear } from "../../../../src/domain/run/mail.ts";
import { taskMessage } from "../../../../src/domain/run/order.ts";
import { messageFrom } from "../../../../src/domain/run/parse-message.ts";
import { newRun } from "../../../../src/domain/run/state.ts";
import { ORDER, SNAPSHOT } from "../../../support/run-story.ts";

const OPENED = { snapshot: SNAPSHOT, head: "genesis", taskRef: "task" };
const opened: RunFact = {
  kind: "opened",
  opened: { ...OPENED, flagged: [{ rule: "bidi", position: 1 }] },
};
const said = (text: string, more: object = {}): RunFact => ({
  kind: "said",
  message: { messageId: text, text, mode: "queue", by: "ann", ...more },
});

const stateBehind = (...facts: readonly RunFact[]) => facts.reduce(evolve, newRun(0));

test("a run is marked by its task and by what people say, whoever comes first", () => {
  const message = said("a\u200b", { flagged: [{ rule: "pattern 2", position: 1 }] });
  const marked = ["bidi", "pattern 2", "zero_width"];
  expect(flagsOf(stateBehind(opened, message))).toEqual(marked);
  expect(flagsOf(stateBehind(message, opened))).toEqual(marked);
  expect(stateBehind(opened, message)).toEqual({ ...stateBehind(message, opened) });
  expect(flagsOf(stateBehind(said("plain")))).toEqual([]);
});

test("hidden letters are found though the sender says nothing of them, and no model reads them", () => {
  const state = stateBehind(opened, said("hi\u202e you"), said("\u200b"));
  const heard = (asIs: boolean) =>
    hear(state.mail, [], asIs).map((entry) => ("message" in entry ? textOf(entry.message) : ""));
  expect(heard(false)).toEqual(["hi you", "\ufffd"]);
  expect(heard(true)).toEqual(["hi\u202e you", "\u200b"]);
});

test("where the operator looks no closer, nothing is marked", () => {
  const snapshot = { ...SNAPSHOT, inputAsIs: true } as const;
  const asIs: RunFact = { kind: "opened", opened: { ...OPENED, snapshot } };
  expect(flagsOf(stateBehind(said("a\u200b"), asIs))).toEqual([]);
  expect(textOf(taskMessage({ ...ORDER, task: "a\u200b" }, undefined))).toBe("a\u200b");
  const found = [{ rule: "zero_width", position: 2 }];
  expect(textOf(taskMessage({ ...ORDER, task: "a\u200b" }, found))).toBe("a");
});

test("a signal may bring findings, and none that are something else", () => {
  const message = { messageId: "m", text: "hi", mode: "queue", by: "" };
  const flagged = [{ rule: "pattern 1", position: 1 }];
  expect(messageFrom({ ...message, flagged })).toEqual({ value: { ...message, flagged } });
  for (const bad of [
    7,
    [7],
    [{ rule: "x", position: 0 }],
    [{ rule: "x".repeat(99), position: 1 }],
  ]) {
    expect(messageFrom({ ...message, flagged: bad })).toHaveProperty("problem");
  }
});
