import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { toolAnswer, userMessage, type Message } from "../../../src/domain/message.ts";
import type { ToolSpec } from "../../../src/domain/tool.ts";
import { NO_USAGE, type Usage } from "../../../src/domain/usage.ts";
import { anthropicModel } from "../../../src/model/anthropic.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  END,
  openStream,
  PING,
  refuse,
  START,
  startScriptedProvider,
  textBlock,
  type Answer,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

let provider: ScriptedProvider;
let answer: Answer;

beforeEach(async () => {
  answer = (response) => openStream(response).end(START + textBlock(0, "Fine.") + END);
  provider = await startScriptedProvider((response, n) => answer(response, n));
});
afterEach(() => provider.stop());

const TOOL: ToolSpec = {
  name: "calculator",
  description: "Calculates.",
  inputSchema: { type: "object", properties: { expression: { type: "string" } } },
  permission: "read",
  effect: "pure",
  timeoutMs: 1000,
  attemptsMax: 1,
  inline: true,
};

describe("a call", () => {
  test("is one streamed request, whose body is the snapshot and the messages", async () => {
    const messages: Message[] = [
      userMessage("2 + 2?"),
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "c", input: {} }] },
      toolAnswer("toolu_1", "4", false),
    ];
    const search = { type: "web_search_20260318", name: "web_search", max_uses: 2 };
    const request = aRequest({ tools: [TOOL], serverTools: [search], messages });
    await aModel(provider.url).call(request, DEAF, NEVER);
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]).toMatchObject({ path: "/v1/messages" });
    expect(JSON.parse(provider.requests[0]?.body ?? "")).toEqual({
      model: "claude-sonnet-5-5",
      max_tokens: 1024,
      stream: true,
      cache_control: { type: "ephemeral" },
      system: [{ type: "text", text: "Answer." }],
      tools: [
        { name: "calculator", description: "Calculates.", input_schema: TOOL.inputSchema },
        search,
      ],
      messages,
      metadata: { user_id: "u1" },
    });
  });

  test("gives the same bytes for the same request", async () => {
    const model = aModel(provider.url);
    await model.call(aRequest({ tools: [TOOL] }), DEAF, NEVER);
    await model.call(aRequest({ tools: [TOOL] }), DEAF, NEVER);
    expect(provider.requests[1]?.body).toBe(provider.requests[0]?.body);
  });

  test("offers no list of tools where there are none", async () => {
    await aModel(provider.url).call(aRequest(), DEAF, NEVER);
    expect(JSON.parse(provider.requests[0]?.body ?? "")).not.toHaveProperty("tools");
  });

  test("tells the reply with its usage and the provider's id of the request", async () => {
    expect(await aModel(provider.url).call(aRequest(), DEAF, NEVER)).toEqual({
      message: { role: "assistant", content: [{ type: "text", text: "Fine." }] },
      model: "claude-sonnet-5-5",
      stopReason: "end_turn",
      contradictions: [],
      usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 5 },
      invalidCalls: [],
      requestId: "req_1",
    });
  });

  test("tells its listener the text as it comes, and that it is alive", async () => {
    answer = (response) => {
      const text = textBlock(0, "Fine, ") + textBlock(1, "and you?");
      openStream(response).end(PING + START + PING + text + END);
    };
    const heard: [string, number][] = [];
    const usages: Usage[] = [];
    const listener = {
      text: (piece: string, offset: number) => void heard.push([piece, offset]),
      alive: (usage: Usage) => void usages.push(usage),
    };
    await aModel(provider.url).call(aRequest(), listener, NEVER);
    expect(heard).toEqual([
      ["Fine, ", 0],
      ["and you?", 6],
    ]);
    expect(usages.at(0)).toMatchObject({ inputTokens: 12, outputTokens: 1 });
    expect(usages.at(-1)).toMatchObject({ inputTokens: 12, outputTokens: 5 });
  });

  test("takes an event that comes byte by byte, with spaces at the end of its line", async () => {
    answer = (response) => {
      const bytes = Buffer.from(START + textBlock(0, "Größe 😀") + END.replace(/\}\n/g, "}  \n"));
      openStream(response);
      for (const byte of bytes) response.write(Buffer.of(byte));
      response.end();
    };
    const reply = await aModel(provider.url).call(aRequest(), DEAF, NEVER);
    expect(reply.message.content).toEqual([{ type: "text", text: "Größe 😀" }]);
  });

  test("is never sent again by the SDK, even if the provider asks for it", async () => {
    answer = (response) => {
      const headers = { "x-should-retry": "true", "retry-after-ms": "1" };
      refuse(response, 529, { type: "overloaded_error", headers });
    };
    await failureOf(aModel(provider.url).call(aRequest(), DEAF, NEVER));
    expect(provider.requests).toHaveLength(1);
  });

  test("names its run to the offline model and to nobody else", async () => {
    await aModel(provider.url).call(aRequest(), DEAF, NEVER);
    const timers = { firstByteMs: 9000, idleMs: 9000, progressMs: 9000, totalMs: 9000 };
    const real = { apiKey: "offline", baseUrl: provider.url, offline: false, timers };
    await anthropicModel(real).call(aRequest(), DEAF, NEVER);
    const named = provider.requests.map(({ headers }) => headers["x-pawl-run"]);
    expect(named).toEqual(["run_1", undefined]);
  });

  test("writes nothing to the console when a stream is damaged", async () => {
    const spies = (["error", "warn", "log", "info", "debug"] as const).map((level) =>
      jest.spyOn(console, level).mockImplementation(() => undefined),
    );
    try {
      answer = (response) => openStream(response).end(`${START}event: x\ndata: {"secret\n\n`);
      await failureOf(aModel(provider.url).call(aRequest(), DEAF, NEVER));
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });
});

describe("a call that is aborted rejects with the reason and what was heard, and closes the socket", () => {
  const reason = new Error("the run was cancelled");

  test("before it began: nothing is sent", async () => {
    const call = aModel(provider.url).call(aRequest(), DEAF, AbortSignal.abort(reason));
    await expect(call).rejects.toMatchObject({ cause: reason, heard: null });
    expect(provider.requests).toHaveLength(0);
  });

  test("while it waits for the first byte", async () => {
    const abort = new AbortController();
    answer = () => abort.abort(reason);
    const call = aModel(provider.url).call(aRequest(), DEAF, abort.signal);
    await expect(call).rejects.toMatchObject({ cause: reason, heard: null });
    await provider.closed(1);
  });

  test("while it streams", async () => {
    const abort = new AbortController();
    answer = (response) => openStream(response).write(START + textBlock(0, "half"));
    const listener = { ...DEAF, text: () => abort.abort(reason) };
    const call = aModel(provider.url).call(aRequest(), listener, abort.signal);
    const message = { content: [{ type: "text", text: "half" }] };
    await expect(call).rejects.toMatchObject({ cause: reason, heard: { message } });
    await provider.closed(1);
  });

  test("even at its last event but one, so that nobody takes half a reply for a whole one", async () => {
    const abort = new AbortController();
    answer = (response) =>
      openStream(response).write(
        START + textBlock(0, "all") + END.slice(0, END.indexOf("event: message_stop")),
      );
    let seen = 0;
    const listener = { ...DEAF, alive: () => ++seen === 5 && abort.abort(reason) };
    const call = aModel(provider.url).call(aRequest(), listener, abort.signal);
    await expect(call).rejects.toMatchObject({ name: "CallAborted", cause: reason });
    await provider.closed(1);
  });

  test("but not once all of it has come: that is a reply like any other", async () => {
    const abort = new AbortController();
    answer = (response) => openStream(response).end(START + textBlock(0, "all") + END);
    let seen = 0;
    const listener = { ...DEAF, alive: () => ++seen === 6 && abort.abort(reason) };
    const reply = await aModel(provider.url).call(aRequest(), listener, abort.signal);
    expect(reply).toMatchObject({
      stopReason: "end_turn",
      message: { content: [{ text: "all" }] },
    });
  });
});

describe("counting tokens", () => {
  test("asks for the prompt alone, and buys nothing", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"input_tokens":42}');
    };
    expect(await aModel(provider.url).countTokens(aRequest({ tools: [TOOL] }), NEVER)).toBe(42);
    expect(provider.requests[0]?.path).toBe("/v1/messages/count_tokens");
    expect(Object.keys(JSON.parse(provider.requests[0]?.body ?? ""))).toEqual([
      "model",
      "messages",
      "system",
      "tools",
    ]);
  });

  test.each<[number, string, string]>([
    [401, "authentication_error", "PROVIDER_AUTH"],
    [500, "api_error", "PROVIDER_UNAVAILABLE"],
  ])("that fails with %d has a code, and costs nothing", async (status, type, code) => {
    answer = (response) => refuse(response, status, { type, headers: { "retry-after": "3" } });
    const failure = await failureOf(aModel(provider.url).countTokens(aRequest(), NEVER));
    expect(failure).toMatchObject({ code, billing: "unsent" });
    expect(failure.retryAfterMs).toBe(status === 500 ? 3000 : null);
  });

  test.each<[string, number, object]>([
    [
      "LiteLLM before a server that has no such path",
      404,
      { type: "error", error: { type: "not_found_error", message: '{"detail":"Not Found"}' } },
    ],
    ["llama.cpp's older servers", 404, { error: { code: 404, type: "not_found_error" } }],
    ["one that takes no such request", 400, { error: { message: "not supported" } }],
    ["one that takes no POST there", 405, { detail: "Method Not Allowed" }],
    ["one that reads the body as another", 422, { detail: [{ loc: ["body"], msg: "missing" }] }],
  ])("is not done by %s, and the call goes on without", async (_, status, body) => {
    answer = (response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    expect(await aModel(provider.url).countTokens(aRequest(), NEVER)).toBeNull();
  });

  test("tells of a prompt that is too long, as a call does", async () => {
    const message = "prompt is too long: 215000 tokens > 200000 maximum";
    answer = (response) => refuse(response, 400, { type: "invalid_request_error", message });
    const failure = await failureOf(aModel(provider.url).countTokens(aRequest(), NEVER));
    expect(failure).toMatchObject({ code: "PROMPT_TOO_LONG", contextTokens: 200_000 });
  });

  test("can be aborted", async () => {
    const abort = new AbortController();
    answer = () => abort.abort(new Error("enough"));
    const counting = aModel(provider.url).countTokens(aRequest(), abort.signal);
    await expect(counting).rejects.toThrow("enough");
  });
});

test("the bytes of a prompt bound what goes over the wire but for its fixed fields", async () => {
  const request = aRequest({ tools: [TOOL], messages: [userMessage('Größe 😀 \u0000 \\ "')] });
  await aModel(provider.url).call(request, DEAF, NEVER);
  const { system, tools, messages } = JSON.parse(provider.requests[0]?.body ?? "") as Record<
    string,
    unknown
  >;
  const sent = Buffer.byteLength(JSON.stringify({ system, tools, messages }));
  const bound = aModel(provider.url).promptBytes(request);
  expect(bound + '"system":"tools":"messages":'.length).toBe(sent);
});
