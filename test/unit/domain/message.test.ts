import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  isText,
  isToolUse,
  mergeNeighbours,
  openCallIn,
  systemNote,
  textOf,
  toolAnswer,
  userMessage,
  withoutThinking,
  type Message,
} from "../../../src/domain/message.ts";

const assistant = (text: string): Message => ({
  role: "assistant",
  content: [{ type: "text", text }],
});

describe("mergeNeighbours", () => {
  const a = toolAnswer("toolu_a", "1", false);
  const b = toolAnswer("toolu_b", "2", true);
  const said = userMessage("and now?");

  test.each<[string, Message[], Message[]]>([
    ["nothing stays nothing", [], []],
    ["one message stays as it is", [said], [said]],
    [
      "answers to parallel calls become one user message, in their order, text last",
      [a, b, said],
      [{ role: "user", content: [...a.content, ...b.content, ...said.content] }],
    ],
    ["turns of two roles stay apart", [said, assistant("4")], [said, assistant("4")]],
    [
      "replies that continue one another stay as the model wrote them",
      [said, assistant("4"), assistant("5")],
      [said, assistant("4"), assistant("5")],
    ],
    [
      "a system note parts two user messages and is not merged with another",
      [said, systemNote("x"), systemNote("y"), said],
      [said, systemNote("x"), systemNote("y"), said],
    ],
  ])("%s", (_, entries, merged) => {
    expect(mergeNeighbours(entries)).toEqual(merged);
  });

  const messages = fc.array(
    fc.record({
      role: fc.constantFrom("user" as const, "assistant" as const, "system" as const),
      content: fc.array(fc.record({ type: fc.constant("text"), text: fc.string() })),
    }),
  );

  test("every block is kept, in order, and no two user messages are neighbours", () => {
    fc.assert(
      fc.property(messages, (entries) => {
        const before = JSON.stringify(entries);
        const merged = mergeNeighbours(entries);
        expect(merged.flatMap((m) => m.content)).toEqual(entries.flatMap((m) => m.content));
        const pairs = merged.slice(1).map((m, i) => `${merged[i]?.role} ${m.role}`);
        expect(pairs).not.toContain("user user");
        expect(JSON.stringify(entries)).toBe(before);
      }),
    );
  });

  test("what was sent stays a prefix of what is sent next, message borders included", () => {
    fc.assert(
      fc.property(messages, messages, (sent, added) => {
        const ended: Message[] = [...sent, assistant("a reply")];
        const before = mergeNeighbours(ended);
        expect(mergeNeighbours([...ended, ...added]).slice(0, before.length)).toEqual(before);
      }),
    );
  });
});

test("the text of a message is that of its text blocks alone", () => {
  const message: Message = {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "4" },
      { type: "tool_use", id: "toolu_a", name: "calculator", input: { text: "no" } },
      { type: "text", text: "2" },
    ],
  };
  expect(textOf(message)).toBe("42");
  expect(message.content.map(isText)).toEqual([false, true, false, true]);
  expect(message.content.map(isToolUse)).toEqual([false, false, true, false]);
});

test("an answer to a tool call says that it is an error only where it is one", () => {
  expect(toolAnswer("toolu_a", "4", false)).toEqual({
    role: "user",
    content: [{ type: "tool_result", tool_use_id: "toolu_a", content: "4" }],
  });
  expect(toolAnswer("toolu_a", "no", true)).toEqual({
    role: "user",
    content: [{ type: "tool_result", tool_use_id: "toolu_a", content: "no", is_error: true }],
  });
});

test("an instruction of ours speaks as the system, a task as the user", () => {
  expect(systemNote("wrap up").role).toBe("system");
  expect(userMessage("a task").role).toBe("user");
});

test("a bare message takes no thinking along", () => {
  const content = [
    { type: "thinking", thinking: "", signature: "s" },
    { type: "redacted_thinking", data: "d" },
    { type: "text", text: "ok" },
  ];
  const message: Message = { role: "assistant", content };
  expect(withoutThinking(message)).toEqual({ role: "assistant", content: content.slice(2) });
});

describe("an open call", () => {
  const asks = (...ids: readonly string[]): Message => ({
    role: "assistant",
    content: ids.map((id) => ({ type: "tool_use", id, name: "calculator", input: {} })),
  });
  const says: Message = { role: "assistant", content: [{ type: "text", text: "Hi." }] };

  test.each([
    ["the last message", [asks("a")], "a"],
    ["answered in part", [asks("a", "b"), toolAnswer("a", "1", false)], "b"],
    ["answered too late", [asks("a"), userMessage("x"), toolAnswer("a", "1", false)], "a"],
    ["answered under another id", [asks("a"), toolAnswer("b", "1", false)], "a"],
    ["of an earlier turn", [asks("a"), userMessage("x"), says, userMessage("y")], "a"],
  ])("is found: %s", (_, messages, id) => {
    expect(openCallIn(messages)).toBe(id);
  });

  test("is in none whose calls are all answered at once", () => {
    const answered = mergeNeighbours([
      ...[userMessage("x"), asks("a", "b"), toolAnswer("a", "1", false)],
      ...[toolAnswer("b", "2", true), userMessage("and"), says],
    ]);
    expect(openCallIn(answered)).toBeNull();
    expect(openCallIn([])).toBeNull();
  });
});
