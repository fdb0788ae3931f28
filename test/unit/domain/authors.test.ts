import { describe, expect, test } from "@jest/globals";
import { isBinding, lastReplyOf, readableBy } from "../../../src/domain/authors.ts";
import { systemNote, userMessage, type Block, type Message } from "../../../src/domain/message.ts";

const thinking = (text: string): Block => ({ type: "thinking", thinking: text, signature: text });
const text = (said: string): Block => ({ type: "text", text: said });
const by = (...content: readonly Block[]): Message => ({ role: "assistant", content });

const CONVERSATION = [
  userMessage("Go."),
  by(thinking("a1"), text("one")),
  userMessage("And?"),
  by(thinking("b1"), { type: "redacted_thinking", data: "b" }, text("two")),
  userMessage("And?"),
  systemNote("Hurry."),
  by(thinking("a2"), text("three")),
  userMessage("And?"),
];
const AUTHORS = [
  { model: "a", replies: 1 },
  { model: "b", replies: 1 },
  { model: "a", replies: 1 },
];

const typesOf = (messages: readonly Message[]): readonly string[][] =>
  messages
    .filter(({ role }) => role === "assistant")
    .map(({ content }) => content.map(({ type }) => type));

describe("what a model reads of a conversation that several wrote", () => {
  test("F4: all that was said, and no thinking but its own", () => {
    const forA = readableBy("a", CONVERSATION, AUTHORS);
    expect(typesOf(forA)).toEqual([["thinking", "text"], ["text"], ["thinking", "text"]]);
    expect(typesOf(readableBy("b", CONVERSATION, AUTHORS))).toEqual([
      ["text"],
      ["thinking", "redacted_thinking", "text"],
      ["text"],
    ]);
    expect(typesOf(readableBy("c", CONVERSATION, AUTHORS))).toEqual([["text"], ["text"], ["text"]]);
    expect(forA.filter(({ role }) => role !== "assistant")).toEqual(
      CONVERSATION.filter(({ role }) => role !== "assistant"),
    );
  });

  test("F4: whatever is said later, it begins with what the model was shown before", () => {
    for (const model of ["a", "b", "c"]) {
      const before = readableBy(model, CONVERSATION.slice(0, 5), AUTHORS.slice(0, 2));
      const after = readableBy(model, CONVERSATION, AUTHORS);
      expect(after.slice(0, before.length)).toEqual(before);
    }
  });

  test("a conversation of one author stays as it is, to the byte", () => {
    expect(readableBy("a", CONVERSATION, [])).toEqual(CONVERSATION);
    expect(readableBy("a", CONVERSATION, [{ model: "a", replies: 3 }])).toEqual(CONVERSATION);
  });

  test("of a conversation that lost its beginning the newest authors count", () => {
    const rest = CONVERSATION.slice(4);
    expect(typesOf(readableBy("a", rest, AUTHORS))).toEqual([["thinking", "text"]]);
    expect(typesOf(readableBy("b", rest, AUTHORS))).toEqual([["text"]]);
  });
});

describe("where a model spoke last", () => {
  test("is its own last reply, whoever spoke since; nowhere where it never did", () => {
    expect(lastReplyOf("a", CONVERSATION, AUTHORS)).toBe(6);
    expect(lastReplyOf("b", CONVERSATION, AUTHORS)).toBe(3);
    expect(lastReplyOf("c", CONVERSATION, AUTHORS)).toBeNull();
    expect(lastReplyOf("a", CONVERSATION, [])).toBeNull();
  });
});

describe("a reply binds its run to its model", () => {
  test.each<[boolean, string, Message]>([
    [false, "text and thinking", by(thinking("t"), text("x"))],
    [false, "a tool call", by(thinking("t"), { type: "tool_use", id: "1", name: "n", input: {} })],
    [true, "nothing but thinking", by(thinking("t"))],
    [true, "a block that nobody knows", by(text("x"), { type: "compaction", signature: "s" })],
  ])("%s: %s", (isBound, _, message) => {
    expect(isBinding(message)).toBe(isBound);
  });
});
