// The provider's count of tokens, as the events of a stream bring it: it never falls, and a reply without one
// has no price.

import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, test } from "@jest/globals";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { ReplyBuilder } from "../../../src/model/reply-builder.ts";

type Wire = { readonly type: string; readonly [field: string]: unknown };

function take(builder: ReplyBuilder, event: Wire): void {
  builder.take(structuredClone(event) as unknown as RawMessageStreamEvent);
}

const start = (usage: object = { input_tokens: 12, output_tokens: 1 }): Wire => ({
  type: "message_start",
  message: { id: "msg_1", role: "assistant", model: "claude-sonnet-5-5", content: [], usage },
});
const ends = (stop_reason: string, usage: object = {}): Wire => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null },
  usage,
});
const stop: Wire = { type: "message_stop" };

describe("usage", () => {
  const usageOf = (first: object, ...later: object[]): unknown => {
    const builder = new ReplyBuilder();
    take(builder, start(first));
    for (const usage of later) take(builder, ends("end_turn", usage));
    return builder.usage;
  };

  test("message_delta is cumulative, and what it leaves out stays as it was", () => {
    const first = { input_tokens: 10, cache_read_input_tokens: 200, output_tokens: 1 };
    expect(usageOf(first, { output_tokens: 7 }, { output_tokens: 30 })).toEqual({
      ...NO_USAGE,
      inputTokens: 10,
      cacheReadTokens: 200,
      outputTokens: 30,
    });
  });

  test("null counts as left out", () => {
    const first = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: null };
    const later = { input_tokens: null, output_tokens: 7, server_tool_use: null };
    expect(usageOf(first, later)).toEqual({ ...NO_USAGE, inputTokens: 10, outputTokens: 7 });
  });

  test.each<[string, object, number, number]>([
    ["by kind", { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 12 }, 30, 12],
    ["one kind alone", { ephemeral_1h_input_tokens: 12 }, 30, 12],
    ["in sum only", {}, 42, 0],
  ])("cache writes: %s", (_, cache_creation, fiveMinutes, oneHour) => {
    const wire = { input_tokens: 1, cache_creation_input_tokens: 42, cache_creation };
    expect(usageOf(wire)).toMatchObject({
      cacheWrite5mTokens: fiveMinutes,
      cacheWrite1hTokens: oneHour,
    });
  });

  test.each<[string, object, object, object]>([
    [
      "input",
      { input_tokens: 100_000, output_tokens: 1 },
      { input_tokens: 0 },
      { inputTokens: 100_000 },
    ],
    [
      "output",
      { input_tokens: 1, output_tokens: 9000 },
      { output_tokens: 1 },
      { outputTokens: 9000 },
    ],
    [
      "what is read from the cache",
      { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 70 },
      { cache_read_input_tokens: 3 },
      { cacheReadTokens: 70 },
    ],
    [
      "searches",
      { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 3 } },
      { server_tool_use: { web_search_requests: 0 } },
      { webSearchRequests: 3 },
    ],
    [
      "cache writes, of which the parts say nothing",
      { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 100_000 },
      { cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 } },
      { cacheWrite5mTokens: 100_000 },
    ],
    [
      "and parts, of which the sum says nothing",
      { input_tokens: 1, output_tokens: 1, cache_creation: { ephemeral_1h_input_tokens: 500 } },
      { cache_creation_input_tokens: 0 },
      { cacheWrite1hTokens: 500 },
    ],
  ])("no count ever falls: %s", (_, first, later, counted) => {
    expect(usageOf(first, later)).toMatchObject(counted);
  });

  test("what is written for no named time is of the time that was asked for", () => {
    const builder = new ReplyBuilder("1h");
    take(builder, start({ input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 9 }));
    expect(builder.usage).toMatchObject({ cacheWrite5mTokens: 0, cacheWrite1hTokens: 9 });
  });

  test("the last word of the provider holds for every kind", () => {
    const later = {
      input_tokens: 20,
      output_tokens: 7,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 8,
      server_tool_use: { web_search_requests: 2 },
    };
    expect(usageOf({ input_tokens: 10, output_tokens: 1 }, later)).toEqual({
      inputTokens: 20,
      cacheReadTokens: 5,
      cacheWrite5mTokens: 8,
      cacheWrite1hTokens: 0,
      outputTokens: 7,
      webSearchRequests: 2,
    });
  });

  test.each<[string, Wire[]]>([
    ["it never came", [{ type: "message_start", message: { model: "m" } }, ends("end_turn")]],
    ["the input is missing", [start({ output_tokens: 1 }), ends("end_turn")]],
    ["the output is missing", [start({ input_tokens: 1 }), ends("end_turn")]],
    ["it is negative", [start(), ends("end_turn", { output_tokens: -1 })]],
    ["it is no number", [start({ input_tokens: "12", output_tokens: 1 }), ends("end_turn")]],
    ["it is no whole number", [start(), ends("end_turn", { output_tokens: 1.5 })]],
    ["it is too large for a number", [start(), ends("end_turn", { output_tokens: 2 ** 53 })]],
    ["it is infinite", [start(), ends("end_turn", { output_tokens: Infinity })]],
    [
      "a good one follows a bad",
      [start({ input_tokens: -5, output_tokens: 1 }), ends("end_turn", { input_tokens: 5 })],
    ],
    ["it is an object", [start(), ends("end_turn", { output_tokens: { toString: 1 } })]],
    [
      "a part of it is wrong",
      [start(), ends("end_turn", { cache_creation: { ephemeral_5m_input_tokens: -1 } })],
    ],
    [
      "it is null",
      [{ type: "message_start", message: { model: "m", usage: null } }, ends("end_turn")],
    ],
  ])("without it a reply has no price and is no reply: %s", (_, events) => {
    const builder = new ReplyBuilder();
    expect(() => {
      for (const event of [...events, stop]) take(builder, event);
      builder.finish("req_1");
    }).toThrow(expect.objectContaining({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" }));
  });
});
