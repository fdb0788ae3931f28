// Cases 28 and 29: answers that are no proper stream. A whole message is an answer, an error in whatever shape is the
// provider's, and what is no Messages API at all ends at once.

import { describe, expect, test } from "@jest/globals";
import { aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { scriptedModel } from "../../support/scripted-model.ts";
import {
  END,
  openStream,
  sse,
  START,
  textBlock,
  type Answer,
} from "../../support/scripted-provider.ts";

const provider = scriptedModel();

const replyTo = async (answer: Answer) => (await provider.of(answer)).call(aRequest(), DEAF, NEVER);
const failureTo = async (answer: Answer) => await failureOf(replyTo(answer));

const sent =
  (type: string, body: string): Answer =>
  (response) =>
    response.writeHead(200, { "content-type": type, "request-id": "req_1" }).end(body);

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [
    { type: "text", text: "From the " },
    { type: "text", text: "cache." },
  ],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 2095, output_tokens: 503 },
};

describe("a whole message in answer to a stream", () => {
  test.each([
    ["as JSON", "application/json", JSON.stringify(MESSAGE)],
    ["as JSON over many lines", "application/json", JSON.stringify(MESSAGE, null, 2)],
    [
      "with a byte order mark",
      "application/json; charset=utf-8",
      `\ufeff${JSON.stringify(MESSAGE)}`,
    ],
    ["under the name of a stream", "text/event-stream", JSON.stringify(MESSAGE)],
  ])("%s is the reply, with its real usage", async (_, type, body) => {
    const reply = await replyTo(sent(type, body));
    expect(reply).toMatchObject({
      message: { role: "assistant", content: MESSAGE.content },
      stopReason: "end_turn",
      usage: { inputTokens: 2095, outputTokens: 503 },
      requestId: "req_1",
    });
    expect(provider.requests()).toHaveLength(1);
  });

  test("is shown to whoever listens", async () => {
    const heard: [string, number][] = [];
    const listener = { ...DEAF, text: (piece: string, at: number) => void heard.push([piece, at]) };
    const model = await provider.of(sent("application/json", JSON.stringify(MESSAGE)));
    await model.call(aRequest(), listener, NEVER);
    expect(heard).toEqual([
      ["From the ", 0],
      ["cache.", 9],
    ]);
  });

  test("that breaks off may have been a reply, and is taken as the worst case", async () => {
    const failure = await failureTo(
      sent("application/json", JSON.stringify(MESSAGE).slice(0, -20)),
    );
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", billing: "unknown" });
  });
});

describe("events are read whatever they are sent as", () => {
  const EVENTS = START + textBlock(0, "Fine.") + END;
  test.each([
    ["as x-ndjson", "application/x-ndjson", EVENTS],
    ["as JSON", "application/json", EVENTS],
    ["without names", "text/event-stream", EVENTS.replaceAll(/^event: .*\n/gm, "")],
    ["with a last word of other servers", "text/event-stream", `${EVENTS}data: [DONE]\n\n`],
  ])("%s", async (_, type, body) => {
    expect(await replyTo(sent(type, body))).toMatchObject({
      message: { content: [{ type: "text", text: "Fine." }] },
    });
  });
});

const LONG = `The model produced output that does not match the expected format ${"x".repeat(300)}`;

describe("an error in the stream is the provider's, told whole", () => {
  const named = (data: object | string): string =>
    `event: error\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
  const unnamed = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;

  test.each<[string, string, string]>([
    [
      "as the API writes it",
      sse({ type: "error", error: { type: "api_error", message: LONG } }),
      "PROVIDER_UNAVAILABLE",
    ],
    ["wrapped only", named({ error: { message: LONG, code: 429 } }), "PROVIDER_RATE_LIMITED"],
    ["bare", named({ code: 500, message: LONG, type: "server_error" }), "PROVIDER_UNAVAILABLE"],
    ["bare with a code that says more", named({ code: 401, message: LONG }), "PROVIDER_AUTH"],
    ["as text", named(LONG), "PROVIDER_UNAVAILABLE"],
    ["as text in an object", named({ error: LONG }), "PROVIDER_UNAVAILABLE"],
    [
      "without a name",
      unnamed({ error: { type: "overloaded_error", message: LONG } }),
      "PROVIDER_OVERLOADED",
    ],
    [
      "bare and without a name",
      unnamed({ code: 400, message: LONG, type: "x" }),
      "PROVIDER_REJECTED",
    ],
  ])("%s", async (_, error, code) => {
    const before = await failureTo(sent("text/event-stream", START + error));
    expect(before).toMatchObject({ code, billing: "prompt", isSaid: true });
    expect(before.message).toContain(LONG);
    const amid = await failureTo(
      sent("text/event-stream", START + textBlock(0, "Half an") + error),
    );
    expect(amid).toMatchObject({
      code,
      billing: "unknown",
      progress: { blocks: 1, counted: { inputTokens: 12 } },
    });
  });

  test("and so is one in place of the whole stream", async () => {
    const body = JSON.stringify({ error: { message: LONG, code: 529 } });
    const failure = await failureTo(sent("application/json", body));
    expect(failure).toMatchObject({ code: "PROVIDER_OVERLOADED", billing: "prompt" });
  });

  test("an event that nobody knows is none, whatever fields it has", async () => {
    const odd = sse({ type: "notice", message: "We are moving." });
    const reply = await replyTo((response) =>
      openStream(response).end(START + odd + textBlock(0, "Fine.") + END),
    );
    expect(reply.stopReason).toBe("end_turn");
  });
});

describe("what is no Messages API ends at once, and says what it is", () => {
  test.each([
    [
      "a page",
      "text/html",
      "<html><head><title>Sign in</title></head><body>to the network</body></html>",
    ],
    ["text", "text/plain", "It works!"],
    ["JSON of another API", "application/json", '{"object":"chat.completion","choices":[]}'],
  ])("%s", async (_, type, body) => {
    const failure = await failureTo(sent(type, body));
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", billing: "prompt" });
    expect(failure.message).toContain(`200 with no event stream (${type})`);
    expect(failure.message).toContain("check ANTHROPIC_BASE_URL");
  });

  test.each([404, 405, 501])(
    "a %d that no API wrote is free, and names the address",
    async (status) => {
      const failure = await failureTo((response) =>
        response.writeHead(status, { "content-type": "text/html" }).end("<h1>No such place</h1>"),
      );
      expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", billing: "free" });
      expect(failure.message).toBe(
        `The provider answered ${status}: No such place; check ANTHROPIC_BASE_URL`,
      );
    },
  );

  test.each(["", ":\n\n:\n\n", "event: message_start\ndata: {", "dat"])(
    "a stream that was cut before its first event is not taken for one: %j",
    async (body) => {
      const failure = await failureTo(sent("text/event-stream", body));
      expect(failure.code).toMatch(/PROVIDER_STREAM_(CUT|INVALID)/);
      expect(failure.billing).toBe("unknown");
    },
  );
});
