import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { textOf } from "../../../src/domain/message.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import type { ModelReply } from "../../../src/model/model.ts";
import { ReplyBuilder } from "../../../src/model/reply-builder.ts";

type Wire = { readonly type: string; readonly [field: string]: unknown };

/** As the wire has them: with fields left out that the SDK's types call required, and new ones. */
function take(builder: ReplyBuilder, event: Wire): ReturnType<ReplyBuilder["take"]> {
  return builder.take(structuredClone(event) as unknown as RawMessageStreamEvent);
}

const start = (usage: object = { input_tokens: 12, output_tokens: 1 }): Wire => ({
  type: "message_start",
  message: { id: "msg_1", role: "assistant", model: "claude-sonnet-5-5", content: [], usage },
});
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
const ends = (stop_reason: string | null, usage: object = {}, more: object = {}): Wire => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null, ...more },
  usage,
});
const stop: Wire = { type: "message_stop" };

function replyTo(...events: Wire[]): ModelReply {
  const builder = new ReplyBuilder();
  for (const event of [start(), ...events, stop]) take(builder, event);
  const reply = builder.finish("req_1");
  if (reply === null) throw new Error("the reply is not complete");
  return reply;
}

const CALL = { type: "tool_use", id: "toolu_1", name: "calculator", input: {} };

describe("blocks", () => {
  test("text comes together from its pieces", () => {
    const reply = replyTo(
      ...block(0, { type: "text", text: "" }, text("The answer "), text("is 42.")),
      ends("end_turn"),
    );
    expect(reply).toEqual({
      message: { role: "assistant", content: [{ type: "text", text: "The answer is 42." }] },
      model: "claude-sonnet-5-5",
      stopReason: "end_turn",
      contradictions: [],
      usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 1 },
      invalidCalls: [],
      requestId: "req_1",
    });
  });

  test("text may already be there when its block opens, or be missing", () => {
    const reply = replyTo(
      ...block(0, { type: "text", text: "4" }, text("2")),
      ...block(1, { type: "text" }, text("!")),
      ends("end_turn"),
    );
    expect(textOf(reply.message)).toBe("42!");
  });

  test("an empty text is left out, for the API would not take it back", () => {
    const reply = replyTo(
      ...block(0, { type: "text", text: "" }),
      ...block(1, CALL, json("{}")),
      ends("tool_use"),
    );
    expect(reply.message.content).toEqual([CALL]);
  });

  test("citations are gathered, whether the block opens with none, null or some", () => {
    const cite = (n: number): object => ({ type: "citations_delta", citation: { n } });
    const reply = replyTo(
      ...block(0, { type: "text", text: "" }, text("a"), cite(1), cite(2)),
      ...block(1, { type: "text", text: "", citations: null }, cite(3), text("b")),
      ...block(2, { type: "text", text: "c", citations: [{ n: 4 }] }, cite(5)),
      ends("end_turn"),
    );
    expect(reply.message.content).toEqual([
      { type: "text", text: "a", citations: [{ n: 1 }, { n: 2 }] },
      { type: "text", text: "b", citations: [{ n: 3 }] },
      { type: "text", text: "c", citations: [{ n: 4 }, { n: 5 }] },
    ]);
  });

  test("thinking is kept with its signature, and is no visible text", () => {
    const builder = new ReplyBuilder();
    const events = [
      start(),
      ...block(
        0,
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "Let me " },
        { type: "thinking_delta", thinking: "see." },
        { type: "signature_delta", signature: "c2ln" },
      ),
      ...block(1, { type: "thinking" }, { type: "signature_delta", signature: "b25seQ" }),
      ...block(2, { type: "redacted_thinking", data: "eA" }),
      ends("end_turn"),
      stop,
    ];
    expect(events.map((event) => take(builder, event)).filter((seen) => seen !== null)).toEqual([]);
    expect(builder.finish(null)?.message.content).toEqual([
      { type: "thinking", thinking: "Let me see.", signature: "c2ln" },
      { type: "thinking", signature: "b25seQ" },
      { type: "redacted_thinking", data: "eA" },
    ]);
  });

  test("a server tool and its result go back as they came", () => {
    const result = {
      type: "web_search_tool_result",
      tool_use_id: "srvtoolu_1",
      content: [{ type: "web_search_result", title: "t", encrypted_content: "e" }],
    };
    const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} };
    const reply = replyTo(
      ...block(0, search, json(""), json('{"query":'), json('"x"}')),
      ...block(1, result),
      ends("end_turn", { server_tool_use: { web_search_requests: 1 } }),
    );
    expect(reply.message.content).toEqual([{ ...search, input: { query: "x" } }, result]);
    expect(reply.usage.webSearchRequests).toBe(1);
  });

  test("fields that Pawl does not know keep their place and their value", () => {
    const known = { type: "tool_use", id: "toolu_1", caller: { type: "direct" }, name: "c" };
    const reply = replyTo(
      ...block(0, { ...known, input: {}, since: 7 }, json('{"a":1}')),
      ends("tool_use"),
    );
    expect(JSON.stringify(reply.message.content[0])).toBe(
      JSON.stringify({ ...known, input: { a: 1 }, since: 7 }),
    );
  });
});

describe("the arguments of a tool call", () => {
  test.each<[string, readonly string[], unknown]>([
    ["none at all", [], {}],
    ["nothing but the first, empty piece", [""], {}],
    ["an object in pieces", ["", '{"a": [1', ", 2]", "}"], { a: [1, 2] }],
    ["the keys keep their order", ['{"b":1,"a":2}'], { b: 1, a: 2 }],
  ])("%s", (_, pieces, input) => {
    const reply = replyTo(...block(0, CALL, ...pieces.map(json)), ends("tool_use"));
    expect(JSON.stringify(reply.message.content)).toBe(JSON.stringify([{ ...CALL, input }]));
    expect(reply.invalidCalls).toEqual([]);
  });

  test.each([
    ["cut in the middle", '{"a": 1'],
    ["no JSON", "{a: 1}"],
    ["a list", "[1]"],
    ["a string", '"x"'],
    ["null", "null"],
    ["more than one value", "{} {}"],
    ["blank", " "],
  ])("that are %s make the call invalid, and its input is empty", (_, input) => {
    const reply = replyTo(...block(0, CALL, json(input)), ends("tool_use"));
    expect(reply.invalidCalls).toEqual(["toolu_1"]);
    expect(reply.message.content).toEqual([CALL]);
  });

  test("of a block that was never closed are not trusted, even if they parse", () => {
    const reply = replyTo(opens(0, CALL), grows(0, json('{"n":1}')), ends("max_tokens"));
    expect(reply.invalidCalls).toEqual(["toolu_1"]);
    expect(reply.message.content).toEqual([CALL]);
  });

  test("of one call say nothing about those beside it", () => {
    const second = { ...CALL, id: "toolu_2" };
    const reply = replyTo(
      ...block(0, CALL, json("{")),
      ...block(1, second, json('{"n":1}')),
      ends("tool_use"),
    );
    expect(reply.invalidCalls).toEqual(["toolu_1"]);
    expect(reply.message.content).toEqual([CALL, { ...second, input: { n: 1 } }]);
  });
});

describe("what the builder does not know", () => {
  test("events, deltas, blocks and stop reasons of a newer API don't stop it", () => {
    const reply = replyTo(
      { type: "ping" },
      { type: "session_note", index: 9 },
      ...block(0, { type: "hologram", light: 1 }, { type: "hologram_delta", light: 2 }),
      ...block(1, { type: "text", text: "" }, { type: "tint_delta" }, text("hi")),
      ends("bored"),
    );
    expect(reply.message.content).toEqual([
      { type: "hologram", light: 1 },
      { type: "text", text: "hi" },
    ]);
    expect(reply.stopReason).toBe("bored");
  });

  test("a delta without its field adds nothing", () => {
    const reply = replyTo(
      ...block(0, { type: "text", text: "a" }, { type: "text_delta" }),
      ...block(1, CALL, { type: "input_json_delta" }),
      ends("end_turn"),
    );
    expect(textOf(reply.message)).toBe("a");
    expect(reply.invalidCalls).toEqual([]);
  });
});

describe("a stream out of order is no reply", () => {
  test.each<[string, Wire[]]>([
    ["a block that skips one", [opens(1, { type: "text", text: "" })]],
    ["a block that opens twice", [...block(0, CALL), opens(0, CALL)]],
    ["a piece of a block that never opened", [grows(0, text("x"))]],
    ["a piece of a block that is closed", [...block(0, CALL), grows(0, json("{}"))]],
    ["a block that closes twice", [...block(0, CALL), closes(0)]],
    ["a second beginning", [start({ input_tokens: 1, output_tokens: 1 })]],
    [
      "text behind its end",
      [...block(0, { type: "text" }), ends("end_turn"), stop, grows(0, text("x"))],
    ],
    ["a count behind its end", [ends("end_turn"), stop, ends("end_turn", { output_tokens: 9 })]],
    ["a second end", [ends("end_turn"), stop]],
    ["a beginning behind its end", [ends("end_turn"), stop, start()]],
  ])("%s", (_, events) => {
    expect(() => replyTo(...events)).toThrow(
      expect.objectContaining({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" }),
    );
  });
});

test.each<[string, Wire]>([
  ["text", opens(0, { type: "text", text: "" })],
  ["a count", ends("end_turn", { input_tokens: 1, output_tokens: 1 })],
  ["its end", stop],
  ["a beginning that names no model", { type: "message_start", message: { usage: {} } }],
  ["one whose name is no text", { type: "message_start", message: { model: 7, usage: {} } }],
])("nothing of a reply comes before it has begun: %s", (_, event) => {
  expect(() => take(new ReplyBuilder(), event)).toThrow(
    expect.objectContaining({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" }),
  );
});

test("signs of life may come before it begins, and behind its end", () => {
  const builder = new ReplyBuilder();
  const ping: Wire = { type: "ping" };
  const said = block(0, { type: "text" }, text("hi"));
  for (const event of [ping, start(), ...said, ends("end_turn"), stop, ping]) take(builder, event);
  expect(builder.finish(null)).toMatchObject({ stopReason: "end_turn" });
});

test("the arguments of a call show signs of life, without their text", () => {
  const builder = new ReplyBuilder();
  const seen = [
    start(),
    ...block(0, { type: "text" }, text("hi")),
    opens(1, CALL),
    grows(1, json('{"a":')),
    grows(1, json('"secret"}')),
    closes(1),
    opens(2, { ...CALL, id: "t2", name: "write_file" }),
    grows(2, json("{}")),
  ].map((event) => (take(builder, event), builder.writing));
  const calculator = { tool: "calculator", chars: 5, charsOfAll: 5 };
  expect(seen.slice(-5)).toEqual([
    calculator,
    { tool: "calculator", chars: 14, charsOfAll: 14 },
    null,
    null,
    { tool: "write_file", chars: 2, charsOfAll: 16 },
  ]);
  expect(seen.slice(0, 5).every((writing) => writing === null)).toBe(true);
});

describe("a reply counts only when it is complete", () => {
  const said = block(0, { type: "text", text: "" }, text("hi"));

  test.each<[string, Wire[]]>([
    ["nothing came", []],
    ["only its start", [start()]],
    ["all but message_stop", [start(), ...said, ends("end_turn")]],
    ["message_stop without a stop reason", [start(), ...said, stop]],
    ["a stop reason of null", [start(), ...said, ends(null), stop]],
  ])("not when %s", (_, events) => {
    const builder = new ReplyBuilder();
    for (const event of events) take(builder, event);
    expect(builder.finish("req_1")).toBeNull();
  });

  test("a later message_delta that says nothing of the stop reason does not take it back", () => {
    const last: Wire = { type: "message_delta", delta: {}, usage: { output_tokens: 9 } };
    const reply = replyTo(...said, ends("end_turn"), last);
    expect(reply).toMatchObject({ stopReason: "end_turn", usage: { outputTokens: 9 } });
  });

  test("a refusal tells its category, where there is one", () => {
    const category = { stop_details: { type: "refusal", category: "cyber" } };
    expect(replyTo(ends("refusal", {}, category)).refusalCategory).toBe("cyber");
    for (const none of [{}, { stop_details: null }, { stop_details: { category: null } }]) {
      expect(replyTo(ends("refusal", {}, none))).not.toHaveProperty("refusalCategory");
    }
  });
});

test("what was seen while it streamed is the text of the reply, and every offset fits", () => {
  const pieces = fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }));
  fc.assert(
    fc.property(pieces, (blocks) => {
      const builder = new ReplyBuilder();
      const events = [
        start(),
        ...blocks.flatMap((b, i) => block(i, { type: "text", text: "" }, ...b.map(text))),
        ends("end_turn"),
        stop,
      ];
      let seen = "";
      for (const event of events) {
        const piece = take(builder, event);
        if (piece === null) continue;
        expect(piece.offset).toBe(seen.length);
        seen += piece.text;
      }
      const reply = builder.finish(null);
      expect(reply === null ? null : textOf(reply.message)).toBe(seen);
    }),
  );
});

describe("calls that can't be told apart make a reply a broken stream", () => {
  const server = { type: "server_tool_use", id: "toolu_1", name: "web_search", input: {} };

  test.each([
    ["two calls of one id", [CALL, { ...CALL, input: { expression: "evil" } }]],
    ["a call and a search of the provider of one id", [CALL, server]],
    ["the third with the id of the first", [CALL, { ...CALL, id: "toolu_2" }, CALL]],
    ["a call with an empty id", [{ ...CALL, id: "" }]],
    ["a call with no id", [{ type: "tool_use", name: "calculator", input: {} }]],
  ])("%s", (_, calls) => {
    const blocks = calls.flatMap((call, index) => block(index, call));
    expect(() => replyTo(...blocks, ends("tool_use"))).toThrow(
      expect.objectContaining({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" }),
    );
  });

  test("and the same ids in the next reply are no trouble", () => {
    for (const _ of [1, 2]) {
      const reply = replyTo(...block(0, CALL), ends("tool_use"));
      expect(reply.message.content).toMatchObject([{ id: "toolu_1" }]);
    }
  });
});
