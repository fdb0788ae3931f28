import { describe, expect, test } from "@jest/globals";
import { readItems as readBytes } from "../../../src/client/batch-lines.ts";
import { identifyBatch, type BatchOrder } from "../../../src/client/batch-order.ts";

const readItems = (text: string) => readBytes(Buffer.from(text));
const line = (fields: object): string => JSON.stringify({ task: "Add.", ...fields });

/** Empty where nothing is wrong with it. */
function complaintAbout(text: string): string {
  try {
    readItems(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("a file of tasks", () => {
  test("gives an item a line, named by its id or its line; blank lines are none", () => {
    const text = `\uFEFF${line({ id: "a", canWait: { forMs: null }, permission: "read" })}\n\n${line({ tier: "simple", limits: { maxCostUsd: 0.05, timeoutMs: 9 } })}\r\n`;
    expect(readItems(text)).toEqual([
      { id: "a", line: 1, task: "Add.", limits: {}, canWait: { forMs: null }, permission: "read" },
      {
        id: "3",
        line: 3,
        task: "Add.",
        tier: "simple",
        limits: { costMicroUsd: 50_000, wallClockMs: 9 },
      },
    ]);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["is no JSON", "{", /line 2: it is no JSON/],
    ["is no object", "[1]", /line 2: it must be a JSON object/],
    ["has no task", JSON.stringify({ id: "x" }), /line 2: task is missing/],
    ["has an empty task", line({ task: " \n" }), /line 2: task must not be empty/],
    ["has a field that nobody knows", line({ taks: "x" }), /line 2: .*taks/],
    ["has a limit that nobody knows", line({ limits: { maxCost: 1 } }), /line 2: limits .*maxCost/],
    [
      "names no permission",
      line({ permission: "root" }),
      /line 2: permission must be one of "read"/,
    ],
    ["names no tier", line({ tier: "huge" }), /line 2: tier must be one of "simple"/],
    [
      "names a model without a price",
      line({ model: "gpt" }),
      /line 2: model has no price, and what has no price is not called. There are: claude/,
    ],
    [
      "has the id of another line",
      line({ id: "first" }),
      /line 2: the id "first" is that of line 1/,
    ],
  ];
  test.each(wrong)("is refused where a line %s, and the line is named", (_, content, complaint) => {
    const text = `${line({ id: "first" })}\n${content}\n`;
    expect(() => readItems(text)).toThrow(complaint);
    expect(() => readItems(text)).toThrow(/^Nothing was started: /);
  });

  const odd = [
    1,
    -1,
    "x",
    "",
    true,
    null,
    [],
    [1],
    {},
    { forMs: "soon" },
    { x: 1 },
    "y".repeat(999),
  ];
  const fields = ["task", "id", "agent", "tier", "model", "limits", "canWait", "permission"];
  test.each(fields)("is never refused in the words of a schema, whatever %s is", (field) => {
    for (const value of odd) {
      const said = complaintAbout(line({ [field]: value }));
      expect(said).not.toMatch(/Invalid|expected|received|NaN|Too (big|small)|undefined/);
      expect(said).toMatch(/^$|^Nothing was started: line 1: /);
    }
  });

  test("has all its bad lines named at once, the first twenty of many", () => {
    const text = `${"{\n".repeat(3)}${line({})}`;
    expect(() => readItems(text)).toThrow("line 1: it is no JSON; line 2: it is no JSON; line 3:");
    expect(() => readItems("{\n".repeat(25))).toThrow(/line 20: [^;]*; and 5 more\.$/);
    expect(() => readItems("\n")).toThrow("The file has no tasks.");
  });
});

describe("the identity of a batch", () => {
  const order = (more: Partial<BatchOrder> = {}): BatchOrder => ({
    tenant: "acme",
    items: readItems(`${line({ id: "a" })}\n${line({ id: "b" })}`),
    concurrency: 5,
    capMicroUsd: 1000,
    key: "k",
    ...more,
  });

  test("I1: follows from tenant and key, and the runs of its items from it", () => {
    const [first, again] = [identifyBatch(order()), identifyBatch(order({ concurrency: 9 }))];
    expect(again.input).toEqual({ ...first.input, concurrency: 9 });
    expect(first.input.batchId).toMatch(/^batch_[0-9a-f]{32}$/);
    const unique = first.input.batchId.slice("batch_".length);
    expect(again.items.map(({ runId }) => runId)).toEqual([
      `run_${unique}_00001`,
      `run_${unique}_00002`,
    ]);
    expect(identifyBatch(order({ tenant: "other" })).input.batchId).not.toBe(first.input.batchId);
  });

  test("its runs share its session and its cap", () => {
    const { input, items } = identifyBatch(order());
    for (const item of items) {
      expect(item.input).toMatchObject({
        session: input.batchId,
        onLimit: "stop",
        batch: { batchId: input.batchId, capMicroUsd: 1000 },
      });
    }
  });

  test("another task, id, order of lines or cap is another order", () => {
    const { digest } = identifyBatch(order()).input;
    const [a, b] = order().items;
    const others = [
      order({ capMicroUsd: null }),
      order({ items: [b!, a!] }),
      order({ items: [a!] }),
      order({ items: [a!, { ...b!, id: "c" }] }),
      order({ items: [a!, { ...b!, task: "Subtract." }] }),
    ];
    for (const other of others) expect(identifyBatch(other).input.digest).not.toBe(digest);
  });

  test("a task that is too long is refused with its line", () => {
    const items = [{ id: "a", line: 4, task: "x".repeat(600_000) }];
    expect(() => identifyBatch(order({ items }))).toThrow(
      /^Nothing was started: line 4: The task has/,
    );
  });
});
