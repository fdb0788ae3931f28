import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { batchFrom } from "../../../../src/domain/parse-batch.ts";
import { decisionFrom } from "../../../../src/domain/run/parse-decision.ts";
import { messageFrom } from "../../../../src/domain/run/parse-message.ts";
import { inputFrom } from "../../../../src/domain/run/parse-order.ts";
import { raiseFrom, resumedBy } from "../../../../src/domain/run/parse-resume.ts";
import { INPUT } from "../../../support/run-facts.ts";
import { propertyRuns } from "../../../support/tier.ts";

const FIRST = { continuedFrom: "", cronSchedule: "" };
const MESSAGE = { messageId: "m", text: "Hi.", mode: "interrupt", by: "ann" } as const;
const DECISION = { callId: "1.1", verdict: "approve", argsDigest: "d", by: "ann" } as const;
const BATCH = {
  ...{ batchId: "batch_1", tenant: "t", digest: "d", items: 3, concurrency: 2 },
  capMicroUsd: null,
};

/** As it comes out of a payload. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("what Pawl itself sends", () => {
  test("is taken as it is", () => {
    expect(messageFrom(plain(MESSAGE))).toEqual({ value: MESSAGE });
    const edit = { ...DECISION, editedInput: { a: [1, { b: null }] }, reason: "so", always: true };
    expect(decisionFrom(plain(edit))).toEqual({ value: edit });
    expect(raiseFrom({ addMicroUsd: 1, by: "ann" })).toEqual({
      value: { addMicroUsd: 1, by: "ann" },
    });
    expect(batchFrom(plain(BATCH), FIRST)).toEqual({ value: BATCH });
    const order = {
      ...INPUT,
      ...{ tier: "simple", model: "m", routing: "fixed", canWait: { forMs: null } },
      limits: { costMicroUsd: 5, tokens: 9, wallClockMs: null },
      policy: { ask: ["a"], deny: [] },
      permission: "write",
      batch: { batchId: "batch_1", capMicroUsd: 7 },
    };
    expect(inputFrom(plain(order), FIRST)).toEqual({ value: order });
  });

  test("of a message may leave out who says it and how", () => {
    const { messageId, text } = MESSAGE;
    const value = { messageId, text, mode: "queue", by: "" };
    expect(messageFrom({ messageId, text })).toEqual({ value });
  });
});

describe("what a run carries to a fresh history", () => {
  const carried = { ...INPUT, resumed: { execution: 1 } };

  test("is taken where the history goes on from another", () => {
    const input = inputFrom(carried, { continuedFrom: "before", cronSchedule: "" });
    expect(input).toEqual({ value: carried });
  });

  test.each([
    ["from whoever starts a run", FIRST],
    [
      "from a schedule, whose runs count as continued",
      { continuedFrom: "x", cronSchedule: "* * * * *" },
    ],
  ])("is not taken %s", (_, beginning) => {
    expect(inputFrom(carried, beginning)).toMatchObject({ problem: /nobody knows: "resumed"/ });
  });
});

describe("a problem is one short sentence that names the field", () => {
  test.each([
    [messageFrom(undefined), "the message must be an object, and is missing"],
    [
      messageFrom({ ...MESSAGE, text: 5 }),
      /^the message.text must be a text .* and is the number 5$/,
    ],
    [messageFrom({ ...MESSAGE, text: "x".repeat(40_000) }), /at most 32768 bytes/],
    [decisionFrom({ ...DECISION, verdict: "yes" }), /verdict must be one of approve, deny/],
    [
      decisionFrom({ ...DECISION, editedInput: [] }),
      /editedInput must be an object, and is a list/,
    ],
    [inputFrom({ ...INPUT, tenant: {} }, FIRST), /^input.tenant must be a text of 1 to/],
    [
      inputFrom({ ...INPUT, limits: { tokens: 1.5 } }, FIRST),
      /^input.limits.tokens must be a whole/,
    ],
    [
      inputFrom({ ...INPUT, policy: { deny: [5] } }, FIRST),
      /^input.policy.deny\[0\] must be a text/,
    ],
    [inputFrom({ ...INPUT, permission: "root" }, FIRST), /^input.permission must be .*"?read/],
    [inputFrom({ ...INPUT, agent: "\0" }, FIRST), /^input.agent must be without U\+0000/],
    [batchFrom({ ...BATCH, tenant: "a\ud800" }, FIRST), /^input.tenant must be without/],
    [batchFrom({ ...BATCH, batchId: "run_1" }, FIRST), /must be the id of a batch/],
    [raiseFrom({ by: "x", addMicroUsd: 1e13 }), /addMicroUsd must be a whole number/],
  ])("%#", (parsed, says) => {
    expect(parsed).toEqual({ problem: expect.stringMatching(says) });
  });

  test("however long the name of a field is", () => {
    const parsed = inputFrom({ ...INPUT, ["x".repeat(10_000)]: 1 }, FIRST);
    expect("problem" in parsed && parsed.problem.length).toBeLessThan(200);
  });
});

test("a value that is nested beyond reason is refused, and not walked until the stack is full", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level += 1) deep = [deep];
  expect(decisionFrom({ ...DECISION, editedInput: { deep } })).toEqual({
    problem: expect.stringMatching(/levels deep/),
  });
});

test("any JSON at all gives a value or a problem, and never an exception", () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record({ messageId: fc.jsonValue(), text: fc.jsonValue(), mode: fc.jsonValue() }),
    fc.record({ callId: fc.string(), verdict: fc.jsonValue(), editedInput: fc.jsonValue() }),
    fc.record({ task: fc.string(), limits: fc.jsonValue(), policy: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(anything, (value) => {
      for (const parse of [messageFrom, decisionFrom, raiseFrom]) {
        const parsed = parse(value);
        expect("value" in parsed || parsed.problem.length < 300).toBe(true);
      }
      expect("value" in inputFrom(value, FIRST)).toBe(false);
      expect("value" in batchFrom(value, FIRST)).toBe(false);
      expect(typeof resumedBy(value)).toBe("string");
    }),
    { numRuns: propertyRuns(300) },
  );
});
