import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { kindText, valueFrom, whyNoAnswer, whyUnfitValue } from "../../../src/domain/form.ts";
import type { FormField, Question } from "../../../src/domain/question.ts";
import { answerFrom } from "../../../src/domain/run/parse-answer.ts";
import { questionsFrom } from "../../../src/domain/run/parse-questions.ts";

const enumField = (more: object = {}): FormField => ({ type: "string", enum: ["a", "b"], ...more });

describe("a value", () => {
  test.each<[FormField, unknown, unknown]>([
    [{ type: "boolean" }, true, null],
    [{ type: "boolean" }, "true", "must be true or false"],
    [{ type: "integer", minimum: 1, maximum: 9 }, 9, null],
    [{ type: "integer" }, 1.5, "must be a whole number"],
    [{ type: "integer", minimum: 1 }, 0, "must be at least 1"],
    [{ type: "number", maximum: 2 }, 2.1, "must be at most 2"],
    [{ type: "number" }, Number.NaN, "must be a number"],
    [{ type: "string", maxLength: 2 }, "😀😀", null],
    [{ type: "string", maxLength: 2 }, "abc", "must have at most 2 characters"],
    [{ type: "string", format: "email" }, "anna@example.org", null],
    [{ type: "string", format: "email" }, "anna", expect.stringContaining("address")],
    [{ type: "string", format: "date" }, "2024-02-29", null],
    [{ type: "string", format: "date" }, "2023-02-29", expect.stringContaining("date")],
    [{ type: "string", format: "date-time" }, "2026-12-31T20:00:00Z", null],
    [{ type: "string", format: "date-time" }, "2026-12-31", expect.stringContaining("moment")],
    [{ type: "string", format: "uri" }, "https://example.org", null],
    [enumField(), "b", null],
    [enumField(), "c", "must be one of a, b"],
    [{ type: "string", oneOf: [{ const: "a", title: "A" }] }, "A", "must be one of a"],
    [{ type: "array", items: { enum: ["a", "b"] }, minItems: 1 }, ["b", "a"], null],
    [{ type: "array", items: { enum: ["a"] }, minItems: 1 }, [], "must name at least 1"],
    [{ type: "array", items: { enum: ["a"] } }, ["a", "a"], "names one twice"],
    [{ type: "array", items: { enum: ["a"] } }, ["c"], expect.stringContaining("one of a")],
  ])("of %j that is %j: %j", (field, value, problem) => {
    expect(whyUnfitValue(field, value)).toEqual(problem);
  });

  test.each<[FormField, string, unknown]>([
    [{ type: "boolean" }, "Yes", true],
    [{ type: "boolean" }, "maybe", "maybe"],
    [{ type: "integer" }, " 7 ", 7],
    [{ type: "integer" }, "seven", "seven"],
    [{ type: "string", oneOf: [{ const: "w", title: "Window" }] }, "window", "w"],
    [{ type: "array", items: { enum: ["a", "b"] } }, "a, b", ["a", "b"]],
    [{ type: "string" }, " as it is ", " as it is "],
  ])("of %j is read from the line %j", (field, line, value) => {
    expect(valueFrom(field, line)).toEqual(value);
  });

  test("is said in words", () => {
    expect(kindText({ type: "integer", minimum: 1 })).toBe("a whole number, at least 1");
    expect(kindText(enumField({ enumNames: ["Bar", "Window"] }))).toBe("one of Bar, Window");
  });
});

const QUESTIONS: readonly Question[] = [
  { id: "sure", text: "Sure?", schema: null },
  {
    id: "seat",
    text: "Where?",
    schema: { type: "object", properties: { row: { type: "integer" } }, required: ["row"] },
  },
];
const SEAT = { action: "accept", content: { row: 1 } } as const;

describe("answers", () => {
  test.each<[string, object, string | null]>([
    ["to all", { sure: { action: "accept" }, seat: SEAT }, null],
    ["that decline", { sure: { action: "decline" }, seat: { action: "cancel" } }, null],
    ["to some", { seat: SEAT }, "sure has no answer"],
    ["to what was not asked", { sure: { action: "accept" }, seat: SEAT, x: SEAT }, '"x"'],
    [
      "without a field",
      { sure: { action: "accept" }, seat: { action: "accept" } },
      "row is missing",
    ],
    ["with one too many", { sure: SEAT, seat: SEAT }, 'no field "row"'],
  ])("%s", (_, answers, problem) => {
    const found = whyNoAnswer(QUESTIONS, answers as never);
    expect(found).toEqual(problem === null ? null : expect.stringContaining(problem));
  });

  test("named like what every object knows are no answers", () => {
    const asked = [{ id: "toString", text: "?", schema: null }];
    expect(whyNoAnswer(asked, {})).toContain("toString has no answer");
  });
});

test("whatever a tool asks and a person says, nothing throws, and what is taken is JSON of its own", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (asked, said) => {
      const questions = questionsFrom({ questions: asked, resume: null });
      const answer = answerFrom({ callId: "1.1", round: 1, answers: said, by: "" });
      if ("value" in answer && "value" in questions) {
        whyNoAnswer(questions.value.questions, answer.value.answers);
      }
      for (const taken of [questions, answer]) {
        expect(JSON.parse(JSON.stringify(taken))).toEqual(taken);
      }
    }),
  );
});
