// A tool that asks, as its author writes it: `questions` beside `execute`.

import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { askedBy } from "../../../activities/asked-by-tool.ts";
import { scrubbedSource } from "../../../activities/tool-sources/scrubbed.ts";
import { listedTools } from "../../../activities/tool-sources/tool-source.ts";
import { defineTool, type ToolContext } from "../../../activities/tools/define-tool.ts";
import type { Answers } from "../../../activities/tools/tool-questions.ts";
import { contextFor } from "./support.ts";

const FORM = z.object({
  row: z.number().int().min(1).max(9),
  name: z.string().regex(/^[a-z]+$/),
});
const ROW = { row: { action: "accept", content: { row: 3, name: "anna" } } } as const;

function seating(more: object = {}) {
  const done: ToolContext["answers"][] = [];
  const tool = defineTool({
    name: "seat",
    description: "Seats people.",
    input: z.object({}),
    permission: "write",
    effect: "once",
    questions: () => ({
      row: { text: "Which row?", form: FORM },
      music: { text: "Music?", optional: true },
    }),
    execute: (_, { answers }) => {
      done.push(answers);
      return "seated";
    },
    ...more,
  });
  return { tool, done };
}

const heard = (answers: Answers, resume: string | null = "{}") => contextFor({ answers, resume });

describe("X8: what a tool has to ask is answered before `execute` is called:", () => {
  test("first it asks, in one round, and has done nothing", async () => {
    const { tool, done } = seating();
    expect(await tool.run({}, contextFor())).toEqual({
      kind: "asks",
      questions: [
        { id: "row", text: "Which row?", schema: expect.objectContaining({ type: "object" }) },
        { id: "music", text: "Music?", schema: null },
      ],
      resume: "{}",
    });
    expect(done).toEqual([]);
  });

  test("then it executes with what was said, optional questions being declined", async () => {
    const { tool, done } = seating();
    const answers = { ...ROW, music: { action: "decline" } } as const;
    expect(await tool.run({}, heard(answers))).toMatchObject({ text: "seated" });
    expect(done).toEqual([answers]);
  });

  test.each([["decline", "declined"] as const, ["cancel", "did not answer"] as const])(
    "a needed one that comes back as %s is an answer to the model, and nothing is done",
    async (action, how) => {
      const { tool, done } = seating();
      const answers = { row: { action }, music: { action: "accept" } } as const;
      expect(await tool.run({}, heard(answers))).toMatchObject({
        isError: true,
        effect: "none",
        text: expect.stringContaining(how),
      });
      expect(done).toEqual([]);
    },
  );

  test("what the form refuses and no door can check is asked again, with the reason", async () => {
    const { tool, done } = seating();
    const answers = {
      row: { action: "accept", content: { row: 3, name: "Anna!" } },
      music: { action: "accept" },
    } as const;
    const again = await tool.run({}, heard(answers));
    expect(again).toMatchObject({
      kind: "asks",
      questions: [{ id: "row", text: expect.stringMatching(/does not fit: name/) }],
    });
    expect(done).toEqual([]);
  });

  test("a later round knows the answers of those before", async () => {
    const seen: string[][] = [];
    const { tool, done } = seating({
      questions: (_: unknown, { answers }: ToolContext) => {
        seen.push(Object.keys(answers));
        return answers["a"] === undefined ? { a: { text: "A?" } } : { b: { text: "B?" } };
      },
    });
    const first = await tool.run({}, contextFor());
    const a = { a: { action: "accept" } } as const;
    const second = await tool.run({}, heard(a, "resume" in first ? first.resume : null));
    expect(second).toMatchObject({ questions: [{ id: "b" }], resume: JSON.stringify(a) });
    const b = { b: { action: "accept" } } as const;
    await tool.run({}, heard(b, "resume" in second ? second.resume : null));
    expect(done).toEqual([{ ...a, ...b }]);
    expect(seen).toEqual([[], ["a"], ["a", "b"]]);
  });

  test("an attempt after a lost one asks nothing where nobody knows what was done", async () => {
    const { tool } = seating();
    const lost = await tool.run({}, contextFor({ attempt: 2 }));
    expect(lost).toMatchObject({ isError: true, text: expect.stringContaining("unknown") });
  });

  test("more than eight are asked in two rounds", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 11 }, (_, at) => [`q${at}`, { text: "?" }]),
    );
    const { tool } = seating({ questions: () => many });
    const asks = await tool.run({}, contextFor());
    expect("questions" in asks && asks.questions).toHaveLength(8);
  });

  test("what throws in `questions` is an answer to the model", async () => {
    const { tool } = seating({
      questions: () => {
        throw new Error("no seats");
      },
    });
    expect(await tool.run({}, contextFor())).toMatchObject({ isError: true });
  });
});

test.each([
  ["an inline tool can't ask", { effect: "pure", inline: true }, /inline tool can't ask/],
  ["questions is a function", { questions: { row: { text: "?" } } }, /questions is a function/],
])("%s", (_, more, problem) => {
  expect(() => seating(more)).toThrow(problem);
});

test("a secret of the worker is in no question", async () => {
  const { tool } = seating({ questions: () => ({ key: { text: "Is sk-secret-123 yours?" } }) });
  const source = scrubbedSource(listedTools("own", [tool]), ["sk-secret-123"]);
  const asks = await (await source.open("seat"))?.run({}, contextFor());
  expect(JSON.stringify(asks)).not.toContain("sk-secret-123");
});

describe("what a tool asks reaches the run", () => {
  const call = { callId: "1.1", tool: "odd" };
  const asking = (questions: readonly unknown[], resume: unknown = null) =>
    askedBy(call, { kind: "asks", questions, resume } as never);
  const plain = { id: "a", text: "Sure?", schema: null };

  test("without what no door could show", () => {
    const field = { type: "string", pattern: "^a", format: "ipv4", title: "T", $comment: "x" };
    const schema = { type: "object", properties: { a: field }, required: ["a"], $schema: "s" };
    expect(asking([{ ...plain, schema }])).toEqual({
      callId: "1.1",
      asks: [
        {
          ...plain,
          schema: {
            type: "object",
            properties: { a: { type: "string", title: "T" } },
            required: ["a"],
          },
        },
      ],
      resume: null,
    });
  });

  test.each([
    ["nothing", []],
    ["one id twice", [plain, plain]],
    ["nine", Array.from({ length: 9 }, (_, at) => ({ ...plain, id: `${at}` }))],
    ["a text of 4,001 characters", [{ ...plain, text: "x".repeat(4001) }]],
    [
      "an object in an object",
      [{ ...plain, schema: { type: "object", properties: { a: { type: "object" } } } }],
    ],
    [
      "a field that is needed and not there",
      [{ ...plain, schema: { type: "object", properties: {}, required: ["a"] } }],
    ],
    ["an address that does something", [{ ...plain, url: "javascript:alert(1)" }]],
    [
      "what every object knows",
      [
        {
          ...plain,
          schema: JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
        },
      ],
    ],
    ["something else", [7]],
  ])("but not %s", (_, questions) => {
    expect(asking(questions)).toMatchObject({ isError: true, effect: "none" });
  });

  test("but not with more to remember than is kept, nor an eleventh time", () => {
    expect(asking([plain], "x".repeat(20_000))).toMatchObject({ isError: true });
    const tenth = { ...call, heard: { round: 10, answers: {}, resume: null } };
    const more = askedBy(tenth, { kind: "asks", questions: [plain], resume: null });
    expect(more).toMatchObject({ isError: true, text: expect.stringContaining("10 times") });
  });
});
