import { describe, expect, test } from "@jest/globals";
import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { wholeReply } from "../../../src/model/whole-reply.ts";

function message(content: readonly object[], more: object = {}): Message {
  const usage = { input_tokens: 10, output_tokens: 5 };
  const said = { role: "assistant", model: "claude-sonnet-5-5", stop_reason: "end_turn", usage };
  return { ...said, content, ...more } as unknown as Message;
}

describe("a reply that came whole", () => {
  test("keeps its blocks as they are, but for text of nothing but white space", () => {
    const thinking = { type: "thinking", thinking: "", signature: "s" };
    const text = { type: "text", text: " a ", citations: null };
    const reply = wholeReply(message([thinking, { type: "text", text: " \n" }, text]));
    expect(JSON.stringify(reply.message.content)).toBe(JSON.stringify([thinking, text]));
    expect(reply.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  test.each([["no object"], [null], [[1]]])("names a call whose arguments are %j", (input) => {
    const call = { type: "tool_use", id: "t1", name: "calculator", input };
    const reply = wholeReply(message([call, { ...call, id: "t2", input: { a: 1 } }]));
    expect(reply.invalidCalls).toEqual(["t1"]);
    expect(reply.message.content).toMatchObject([{ input: {} }, { input: { a: 1 } }]);
  });

  test("whose calls can't be told apart is no reply", () => {
    const call = { type: "tool_use", id: "t1", name: "calculator", input: {} };
    expect(() => wholeReply(message([call, call]))).toThrow(
      expect.objectContaining({ code: "PROVIDER_STREAM_INVALID" }),
    );
  });

  test.each([[{ usage: undefined }], [{ usage: { input_tokens: 1 } }]])(
    "without a price is worth nothing: %j",
    (more) => {
      expect(() => wholeReply(message([], more))).toThrow(/has no price/);
    },
  );
});
