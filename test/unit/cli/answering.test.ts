// `pawl questions` and `answer`, and the line that is typed while a run is watched.

import { describe, expect, test } from "@jest/globals";
import { lineOf } from "../../../src/cli/narrate.ts";
import { meaningOf } from "../../../src/cli/typed-line.ts";
import type { Question } from "../../../src/domain/question.ts";
import { linesOf, pawl, type Person } from "../../support/cli.ts";
import { askingCall, createFakeClient, eventOf, RUN_ID } from "../../support/fake-client.ts";

const SURE: Question = { id: "sure", text: "Really\u202e all of them?", schema: null };
const ROW: Question = {
  id: "place",
  text: "Where?",
  url: "https://example.org/plan",
  schema: {
    type: "object",
    properties: {
      side: { type: "string", oneOf: [{ const: "w", title: "Window" }, { const: "b" }] },
      row: { type: "integer", minimum: 1, maximum: 9 },
      quiet: { type: "boolean", default: true },
    },
    required: ["side"],
  },
};

function person(...answers: readonly string[]): Person & { readonly questions: string[] } {
  const questions: string[] = [];
  const left = [...answers];
  return {
    questions,
    async ask(question) {
      questions.push(question);
      return left.shift() ?? "";
    },
  };
}

const answering = async (
  questions: readonly Question[],
  args: readonly string[],
  by?: Person,
  more: object = {},
) => {
  const client = createFakeClient({ questions: [askingCall("1.2", questions, more)] });
  const ran = await pawl(client, ["answer", RUN_ID, ...args], {}, by);
  return { ...ran, answers: client.answers };
};

describe("a person at a terminal", () => {
  test("is asked field by field, told what does not fit, and answers the round that was shown", async () => {
    const by = person("y", "roof", "window", "12", "3", "");
    const { answers, stdout, exitCode } = await answering([ROW], [], by, { round: 4 });
    expect(answers).toMatchObject([
      {
        callId: "1.2",
        round: 4,
        answers: { place: { action: "accept", content: { side: "w", row: 3, quiet: true } } },
      },
    ]);
    expect(stdout).toContain("https://example.org/plan");
    expect(stdout).toMatch(/side must be one of w, b/);
    expect(stdout).toMatch(/row must be at most 9/);
    expect(exitCode).toBe(0);
  });

  test.each([
    ["leaves at the question", [""]],
    ["leaves at a field that is needed", ["y", ""]],
    ["says something else", ["perhaps"]],
  ])("who %s has answered nothing", async (_, lines) => {
    const { answers, exitCode, stderr } = await answering([ROW], [], person(...lines));
    expect(answers).toEqual([]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("Nothing was answered");
  });

  test("declines one of two, and sees what hides in the other spelled out", async () => {
    const { answers, stdout } = await answering([SURE, ROW], [], person("y", "n"));
    expect(answers).toMatchObject([
      { answers: { sure: { action: "accept" }, place: { action: "decline" } } },
    ]);
    expect(stdout).toContain("Really⟦U+202E⟧ all");
  });
});

describe("a script", () => {
  test("names call and round, or nothing is answered", async () => {
    const json = JSON.stringify({ sure: { action: "accept" } });
    for (const args of [
      [],
      ["1.2"],
      ["1.2", "--answers", json],
      ["--round", "1", "--answers", json],
    ]) {
      const { answers, exitCode, stderr } = await answering([SURE], args);
      expect(answers).toEqual([]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("--round N");
    }
    const { answers } = await answering([SURE], ["1.2", "--round", "1", "--answers", json]);
    expect(answers).toMatchObject([{ round: 1, answers: { sure: { action: "accept" } } }]);
  });

  test("declines all, and gets a line of JSON", async () => {
    const { answers, stdout } = await answering([SURE, ROW], ["1.2", "--decline", "--json"]);
    expect(answers).toMatchObject([
      { answers: { sure: { action: "decline" }, place: { action: "decline" } } },
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ callId: "1.2", actions: { sure: "decline" } });
  });

  test.each([["7"], ["{"], ['{"sure": {"action": "perhaps"}}'], ['{"sure": 1}']])(
    "is told that %s is no answer",
    async (json) => {
      const args = ["1.2", "--round", "1", "--answers", json];
      const { answers, exitCode } = await answering([SURE], args);
      expect(answers).toEqual([]);
      expect(exitCode).not.toBe(0);
    },
  );
});

test("`pawl questions` lists who asks, and shows one whole", async () => {
  const client = createFakeClient({ questions: [askingCall("1.2", [SURE, ROW])] });
  const { stdout } = await pawl(client, ["questions"]);
  expect(stdout).toMatch(/\[2\] seat asks: Really⟦U\+202E⟧ all of them\?/);
  const { stdout: whole } = await pawl(client, ["questions", RUN_ID, "1.2"]);
  expect(whole).toContain("row: a whole number, at least 1, at most 9 · may be left out");
  const { stdout: json } = await pawl(client, ["questions", "--json"]);
  expect(linesOf(json)).toMatchObject([{ callId: "1.2", round: 1 }]);
});

describe("a line that is typed while a tool asks", () => {
  const asking = (callId: string, questions: readonly Question[]) => {
    return { callId, argsDigest: "", problem: null, asks: { round: 2, questions } };
  };
  const approval = { callId: "1.1", argsDigest: "d", problem: null };

  test.each([
    ["r yes", [SURE], { sure: { action: "accept" } }],
    ["r no", [SURE], { sure: { action: "decline" } }],
    ["d", [SURE], { sure: { action: "decline" } }],
    ['r {"side": "w"}', [ROW], { place: { action: "accept", content: { side: "w" } } }],
    [
      'r {"sure": true, "place": {"side": "b"}}',
      [SURE, ROW],
      { place: { content: { side: "b" } } },
    ],
  ])("%s answers", (line, questions, answers) => {
    expect(meaningOf(line, [asking("1.2", questions)])).toMatchObject({
      kind: "answer",
      answer: { callId: "1.2", round: 2, answers },
    });
  });

  test("is a value where one field is asked, though it looks like the number of a call", () => {
    const schema = { type: "object", properties: { n: { type: "integer" } } } as const;
    const one = asking("1.2", [{ id: "n", text: "How many?", schema }]);
    expect(meaningOf("r 7", [one])).toMatchObject({
      answer: { answers: { n: { content: { n: 7 } } } },
    });
    expect(meaningOf("r 2 7", [one, asking("1.3", [SURE])])).toMatchObject({
      answer: { callId: "1.2", answers: { n: { content: { n: 7 } } } },
    });
  });

  test.each([
    ["r roof", [asking("1.2", [ROW])]],
    ["r maybe", [asking("1.2", [SURE])]],
    ["a", [asking("1.2", [SURE])]],
    ["r yes", [asking("1.2", [SURE]), asking("1.3", [SURE])]],
    ["d", [approval, asking("1.2", [SURE])]],
  ])("%s is a problem where it can't be meant", (line, waiting) => {
    expect(meaningOf(line, waiting)).toMatchObject({ kind: "problem" });
  });

  test("is a message where nothing is asked", () => {
    expect(meaningOf("r yes", [approval])).toMatchObject({ kind: "say", text: "r yes" });
  });
});

test("what is asked and answered is told in lines", () => {
  const call = { turn: 1, callId: "1.2", tool: "seat", round: 1 };
  const deadlineAt = "2026-11-22T10:00:00Z";
  const asked = eventOf({ type: "question.asked", ...call, questions: [SURE], deadlineAt });
  expect(lineOf(asked)?.text).toMatch(/\? \[2\] seat asks\n.*⟦U\+202E⟧.*\n.*pawl answer/s);
  const answered = (by: string | null, action: "accept" | "cancel") =>
    lineOf(eventOf({ type: "question.answered", ...call, by, actions: { sure: action } }))?.text;
  expect(answered("ann", "accept")).toBe("[2] seat was answered by ann: accept");
  expect(answered(null, "cancel")).toContain("nobody answered");
});
