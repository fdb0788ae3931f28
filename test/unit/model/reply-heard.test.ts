// What is kept of a reply that was stopped before its end.

import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, test } from "@jest/globals";
import { ReplyBuilder } from "../../../src/model/reply-builder.ts";

type Wire = { readonly type: string; readonly [field: string]: unknown };

const opens = (index: number, content_block: object): Wire => ({
  type: "content_block_start",
  index,
  content_block,
});
const grows = (index: number, delta: object): Wire => ({
  type: "content_block_delta",
  index,
  delta,
});
const closes = (index: number): Wire => ({ type: "content_block_stop", index });
const block = (index: number, content_block: object, ...deltas: object[]): Wire[] => [
  opens(index, content_block),
  ...deltas.map((delta) => grows(index, delta)),
  closes(index),
];
const text = (piece: string): object => ({ type: "text_delta", text: piece });
const json = (piece: string): object => ({ type: "input_json_delta", partial_json: piece });
const start: Wire = {
  type: "message_start",
  message: { id: "msg_1", role: "assistant", model: "claude-sonnet-5-5", content: [], usage: {} },
};

describe("of a reply that was stopped", () => {
  const heardOf = (...events: Wire[]): readonly unknown[] => {
    const builder = new ReplyBuilder();
    for (const event of [start, ...events]) {
      builder.take(structuredClone(event) as unknown as RawMessageStreamEvent);
    }
    return builder.heard("req_1")?.message.content ?? [];
  };
  const thinks = block(
    0,
    { type: "thinking", thinking: "", signature: "" },
    { type: "thinking_delta", thinking: "hm" },
    { type: "signature_delta", signature: "sig" },
  );
  const thought = { type: "thinking", thinking: "hm", signature: "sig" };

  test("nothing is heard before it begins", () => {
    expect(new ReplyBuilder().heard("req_1")).toBeNull();
  });

  test("thinking that was closed and the text so far are kept", () => {
    const writes = [
      opens(1, { type: "text", text: "" }),
      grows(1, text("half a ")),
      grows(1, text("word")),
    ];
    expect(heardOf(...thinks, ...writes)).toEqual([thought, { type: "text", text: "half a word" }]);
  });

  test("thinking alone is no message, and thinking that goes on is not kept", () => {
    expect(heardOf(...thinks)).toEqual([]);
    expect(heardOf(...thinks.slice(0, -1))).toEqual([]);
  });

  test("calls are dropped, whether they were closed or not", () => {
    const says = block(0, { type: "text", text: "" }, text("I'll add."));
    const call = { type: "tool_use", id: "toolu_1", name: "calculator", input: {} };
    const calls = block(1, call, json('{"expression":"1+1"}'));
    expect(heardOf(...says, ...calls)).toEqual([{ type: "text", text: "I'll add." }]);
    expect(heardOf(...says, ...calls.slice(0, 2))).toEqual([{ type: "text", text: "I'll add." }]);
  });

  test("what stood behind a dropped block loses its citations, and thinking goes with it", () => {
    const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} };
    const cited = { type: "text", text: "", citations: [{ type: "web_search_result_location" }] };
    const events = [
      ...block(0, search),
      ...block(1, { type: "thinking", thinking: "hm", signature: "sig" }),
      ...block(2, cited, text("Found it.")),
    ];
    expect(heardOf(...events)).toEqual([{ type: "text", text: "Found it." }]);
  });

  test("text of nothing but white space is not kept", () => {
    expect(heardOf(...block(0, { type: "text", text: "" }, text(" \n")))).toEqual([]);
  });
});
