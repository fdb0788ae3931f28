// As llama.cpp's server writes it on /v1/messages (0.5.0-dev): its streams and refusals are nearly those of the API.

import { describe, expect, test } from "@jest/globals";
import { aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { scriptedModel } from "../../support/scripted-model.ts";
import { openStream, sse, START, type Answer } from "../../support/scripted-provider.ts";

const provider = scriptedModel();

const refusing =
  (status: number, body: object): Answer =>
  (response) =>
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8" })
      .end(JSON.stringify(body));

describe("a 404 that is not of the API", () => {
  test.each<[string, object]>([
    [
      "of llama.cpp's server",
      { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
    ],
    ["of one that nests no error", { type: "not_found_error", message: "no such route" }],
    ["of one that speaks as OpenAI's", { error: { message: "no route", type: "not_found_error" } }],
  ])("%s is about the address, and says nothing of the model", async (_, body) => {
    const failure = await failureOf(
      (await provider.of(refusing(404, body))).call(aRequest(), DEAF, NEVER),
    );
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", billing: "free" });
    expect(failure.message).toContain("check ANTHROPIC_BASE_URL");
  });
});

/** As it writes the end of every stream. */
const END =
  sse({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 5 },
  }) + sse({ type: "message_stop" });

const opened = (index: number, content_block: object, delta: object): string =>
  sse({ type: "content_block_start", index, content_block }) +
  sse({ type: "content_block_delta", index, delta });
const CLOSED = sse({ type: "content_block_stop", index: 0 });

const CALL = { type: "tool_use", id: "BMJLffTeGh7P", name: "now" };
const TEXT = opened(0, { type: "text", text: "" }, { type: "text_delta", text: "🫠 five" });
const CALLED = opened(0, CALL, { type: "input_json_delta", partial_json: "{}" });
const THOUGHT = opened(
  0,
  { type: "thinking", thinking: "" },
  { type: "thinking_delta", thinking: "🤔" },
);

const streaming =
  (bytes: string): Answer =>
  (response) =>
    openStream(response).end(bytes);

describe("a stream without message_start, as where its first token is half an emoji", () => {
  test.each<[string, string, object]>([
    ["text", TEXT, { type: "text", text: "🫠 five" }],
    ["a call", CALLED, { ...CALL, input: {} }],
    ["thinking", THOUGHT, { type: "thinking", thinking: "🤔" }],
  ])("of %s is a reply whose prompt nobody has counted", async (_, begun, block) => {
    const model = await provider.of(streaming(begun + CLOSED + END));
    const reply = await model.call(aRequest({ model: "qwen" }), DEAF, NEVER);
    expect(reply).toMatchObject({
      message: { content: [block] },
      model: "qwen",
      usage: { inputTokens: 0, outputTokens: 5 },
    });
  });

  test.each<[string, string]>([
    ["that begins with its second block", TEXT.replaceAll('"index":0', '"index":1') + END],
    ["that is nothing but its end", END],
  ])("%s has lost more than that", async (_, bytes) => {
    const model = await provider.of(streaming(bytes));
    const failure = await failureOf(model.call(aRequest(), DEAF, NEVER));
    expect(failure).toMatchObject({ code: "PROVIDER_STREAM_INVALID" });
  });
});

test("a call whose block has no input, and of which no arguments come, is one without arguments", async () => {
  const begun = sse({ type: "content_block_start", index: 0, content_block: CALL });
  const model = await provider.of(streaming(START + begun + CLOSED + END));
  const reply = await model.call(aRequest(), DEAF, NEVER);
  expect(reply).toMatchObject({ message: { content: [{ ...CALL, input: {} }] }, invalidCalls: [] });
});
