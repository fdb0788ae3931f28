import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, CALCULATOR, MODEL, SEARCH, startBench, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.model.close());

async function post(
  body: unknown,
  headers: Readonly<Record<string, string>> = {
    authorization: "Bearer k",
    "anthropic-version": "2026-10-21",
  },
  path = "/v1/messages",
) {
  const response = await fetch(bench.model.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as {
    error?: { type: string; message: string };
    request_id?: string;
  };
  return {
    status: response.status,
    headers: response.headers,
    type: answer.error?.type,
    message: answer.error?.message ?? "",
    answer,
  };
}

const tools = [CALCULATOR];
const use = (id: string) => ({
  type: "tool_use",
  id,
  name: "calculator",
  input: { expression: "1+1" },
});
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "2" });
const user = (...content: object[]) => ({ role: "user", content });
const assistant = (...content: object[]) => ({ role: "assistant", content });
const text = (words: string, more: object = {}) => ({ type: "text", text: words, ...more });
const cached = (ttl?: string) => ({
  cache_control: { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) },
});
const hi = user(text("hi"));
const base = { model: MODEL, max_tokens: 64, messages: [hi] };

const REFUSED: readonly (readonly [what: string, body: object, status: number, message: RegExp])[] =
  [
    ["missing model", { max_tokens: 1, messages: [hi] }, 400, /^model: Field required/],
    ["missing max_tokens", { model: MODEL, messages: [hi] }, 400, /^max_tokens: Field required/],
    ["missing messages", { model: MODEL, max_tokens: 1 }, 400, /^messages: Field required/],
    ["no messages", { ...base, messages: [] }, 400, /at least one message/],
    ["an unknown field", { ...base, session: 1 }, 400, /^session: Extra inputs are not permitted/],
    [
      "temperature",
      { ...base, temperature: 1 },
      400,
      /^temperature: Extra inputs are not permitted/,
    ],
    ["top_p", { ...base, top_p: 1 }, 400, /^top_p: Extra inputs/],
    [
      "an unknown field deep inside",
      { ...base, messages: [user(text("x", { parsed_output: 1 }))] },
      400,
      /^messages\.0\.content\.0\.parsed_output: Extra inputs/,
    ],
    [
      "an unknown block type",
      { ...base, messages: [user({ type: "hologram" })] },
      400,
      /^messages\.0\.content\.0: Input tag 'hologram'/,
    ],
    [
      "an unknown role",
      { ...base, messages: [{ role: "robot", content: "x" }] },
      400,
      /^messages\.0: Input tag 'robot'/,
    ],
    [
      "a wrong type",
      { ...base, max_tokens: "many" },
      400,
      /^max_tokens: Input should be a valid number/,
    ],
    ["max_tokens of -1", { ...base, max_tokens: -1 }, 400, /max_tokens/],
    ["fractional max_tokens", { ...base, max_tokens: 1.5 }, 400, /max_tokens/],
    ["an unknown model", { ...base, model: "claude-9" }, 404, /^model: claude-9$/],
    [
      "max_tokens over the model's cap",
      { ...base, max_tokens: 128_001 },
      400,
      /^max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5-5/,
    ],
    ["max_tokens 0 with stream", { ...base, max_tokens: 0, stream: true }, 400, /stream/],
    [
      "max_tokens 0 with a forced tool",
      { ...base, model: "claude-haiku-5-5", max_tokens: 0, tools, tool_choice: { type: "any" } },
      400,
      /tool_choice/,
    ],
    [
      "max_tokens 0 with a format",
      { ...base, max_tokens: 0, output_config: { format: { type: "json_schema", schema: {} } } },
      400,
      /format/,
    ],
    [
      "an unanswered tool_use",
      { ...base, tools, messages: [hi, assistant(use("toolu_1")), hi] },
      400,
      /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1\./,
    ],
    [
      "an unanswered tool_use at the end",
      { ...base, tools, messages: [hi, assistant(use("toolu_1"))] },
      400,
      /tool_use/,
    ],
    [
      "text before the results",
      { ...base, tools, messages: [hi, assistant(use("a")), user(text("so:"), result("a"))] },
      400,
      /tool_use/,
    ],
    [
      "half of parallel results",
      { ...base, tools, messages: [hi, assistant(use("a"), use("b")), user(result("a"))] },
      400,
      /without `tool_result` blocks immediately after: b\./,
    ],
    [
      "results after another turn",
      {
        ...base,
        tools,
        messages: [hi, assistant(use("a")), { role: "system", content: "x" }, user(result("a"))],
      },
      400,
      /messages/,
    ],
    [
      "an orphan tool_result",
      { ...base, tools, messages: [hi, assistant(text("ok")), user(result("z"))] },
      400,
      /^messages\.2\.content\.0: unexpected `tool_use_id` found in `tool_result` blocks: z\./,
    ],
    [
      "a result given twice",
      { ...base, tools, messages: [hi, assistant(use("a")), user(result("a"), result("a"))] },
      400,
      /each tool_use must have a single result/,
    ],
    [
      "a result given twice in two messages",
      { ...base, tools, messages: [hi, assistant(use("a")), user(result("a")), user(result("a"))] },
      400,
      /each tool_use must have a single result/,
    ],
    [
      "tool blocks without tools",
      { ...base, messages: [hi, assistant(use("a")), user(result("a"))] },
      400,
      /must define tools/,
    ],
    [
      "an empty text block",
      { ...base, messages: [user(text(""))] },
      400,
      /text content blocks must be non-empty/,
    ],
    [
      "an empty system block",
      { ...base, system: [text("")] },
      400,
      /^system: text content blocks must be non-empty/,
    ],
    ["empty content", { ...base, messages: [user(), hi] }, 400, /non-empty content/],
    [
      "a prefilled reply",
      { ...base, messages: [hi, assistant(text("Sure,"))] },
      400,
      /does not support assistant message prefill/,
    ],
    [
      "an assistant message first",
      { ...base, messages: [assistant(text("x")), hi] },
      400,
      /first message must use the "user" role/,
    ],
    [
      "a system message first",
      { ...base, messages: [{ role: "system", content: "x" }, hi] },
      400,
      /`system` message must follow/,
    ],
    [
      "a system message before a user message",
      { ...base, messages: [hi, { role: "system", content: "x" }, hi] },
      400,
      /`system` message must follow/,
    ],
    [
      "a tool_use in a user message",
      { ...base, tools, messages: [user(use("a"))] },
      400,
      /not permitted in user messages/,
    ],
    [
      "a document in an assistant message",
      {
        ...base,
        messages: [
          hi,
          assistant({
            type: "document",
            source: { type: "text", media_type: "text/plain", data: "x" },
          }),
          hi,
        ],
      },
      400,
      /not permitted in assistant messages/,
    ],
    [
      "citations in a user message",
      {
        ...base,
        messages: [
          user(
            text("x", {
              citations: [
                {
                  type: "char_location",
                  cited_text: "x",
                  document_index: 0,
                  document_title: null,
                  start_char_index: 0,
                  end_char_index: 1,
                },
              ],
            }),
          ),
        ],
      },
      400,
      /citations/,
    ],
    [
      "thinking.enabled on a current model",
      { ...base, thinking: { type: "enabled", budget_tokens: 1024 } },
      400,
      /"thinking\.type\.enabled" is not supported for this model\. Use/,
    ],
    [
      "thinking.disabled on sonnet 5.5",
      { ...base, thinking: { type: "disabled" } },
      400,
      /"thinking\.type\.disabled" is not supported/,
    ],
    [
      "thinking.adaptive on an old model",
      { ...base, model: "claude-haiku-4-5", thinking: { type: "adaptive" } },
      400,
      /"thinking\.type\.adaptive" is not supported/,
    ],
    [
      "a thinking budget not below max_tokens",
      {
        ...base,
        model: "claude-haiku-4-5",
        max_tokens: 1024,
        thinking: { type: "enabled", budget_tokens: 1024 },
      },
      400,
      /max_tokens/,
    ],
    [
      "an effort the model has not",
      { ...base, model: "claude-sonnet-4-6", output_config: { effort: "xhigh" } },
      400,
      /does not support effort level 'xhigh'\. Supported levels: high, low, max, medium/,
    ],
    [
      "tool_choice any on sonnet 5.5",
      { ...base, tools, tool_choice: { type: "any" } },
      400,
      /tool_choice/,
    ],
    [
      "tool_choice tool on opus 5.5",
      {
        ...base,
        model: "claude-opus-5-5",
        tools,
        tool_choice: { type: "tool", name: "calculator" },
      },
      400,
      /tool_choice/,
    ],
    [
      "tool_choice for a tool that is not there",
      { ...base, model: "claude-opus-5", tools, tool_choice: { type: "tool", name: "nope" } },
      400,
      /not found/,
    ],
    [
      "tool_choice without tools",
      { ...base, tool_choice: { type: "auto" } },
      400,
      /only be specified while providing tools/,
    ],
    [
      "five cache breakpoints",
      {
        ...base,
        messages: [user(...["a", "b", "c", "d", "e"].map((word) => text(word, cached())))],
      },
      400,
      /maximum of 4 blocks with cache_control may be provided\. Found 5/,
    ],
    [
      "four breakpoints and the automatic one",
      {
        ...base,
        ...cached(),
        messages: [user(...["a", "b", "c", "d"].map((word) => text(word, cached())), text("e"))],
      },
      400,
      /maximum of 4/,
    ],
    [
      "1h after 5m",
      { ...base, system: [text("a", cached("5m"))], messages: [user(text("b", cached("1h")))] },
      400,
      /ttl='1h' cache_control block must not come after/,
    ],
    [
      "cache_control on thinking",
      {
        ...base,
        messages: [
          hi,
          assistant({ type: "thinking", thinking: "", signature: "x", ...cached() }),
          hi,
        ],
      },
      400,
      /cache_control: Extra inputs/,
    ],
    [
      "a tool name with a space",
      { ...base, tools: [{ ...CALCULATOR, name: "my tool" }] },
      400,
      /should match pattern/,
    ],
    [
      "a tool name of 65 characters",
      { ...base, tools: [{ ...CALCULATOR, name: "a".repeat(65) }] },
      400,
      /should match pattern/,
    ],
    [
      "two tools of one name",
      { ...base, tools: [CALCULATOR, CALCULATOR] },
      400,
      /Tool names must be unique/,
    ],
    [
      "a thinking block nobody signed",
      {
        ...base,
        messages: [
          hi,
          assistant({ type: "thinking", thinking: "x", signature: "eHh4" }, text("y")),
          hi,
        ],
      },
      400,
      /^messages\.1\.content\.0: Invalid `signature` in `thinking` block/,
    ],
    [
      "a prompt over the context window",
      { ...base, model: "claude-haiku-4-5", messages: [user(text("x".repeat(800_000)))] },
      400,
      /^prompt is too long: \d+ tokens > 200000 maximum/,
    ],
  ];

describe("what the API refuses is refused", () => {
  test.each(REFUSED)("%s", async (_, body, status, message) => {
    const answer = await post(body);
    expect(answer.message).toMatch(message);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe(status === 404 ? "not_found_error" : "invalid_request_error");
    expect(answer.answer.request_id).toBe(answer.headers.get("request-id"));
  });
});

const TAKEN: readonly (readonly [what: string, body: object])[] = [
  ["neighbouring messages of one role", { ...base, messages: [hi, hi] }],
  [
    "parallel results split over two messages",
    {
      ...base,
      tools,
      messages: [hi, assistant(use("a"), use("b")), user(result("a")), user(result("b"))],
    },
  ],
  [
    "text after results",
    { ...base, tools, messages: [hi, assistant(use("a")), user(result("a"), text("and now?"))] },
  ],
  [
    "a system note after results, last",
    {
      ...base,
      tools,
      messages: [hi, assistant(use("a")), user(result("a")), { role: "system", content: "x" }],
    },
  ],
  [
    "a system note before an assistant turn",
    { ...base, messages: [hi, { role: "system", content: "x" }, assistant(text("y")), hi] },
  ],
  [
    "an open paused turn",
    {
      ...base,
      messages: [
        hi,
        assistant(text("…"), {
          type: "server_tool_use",
          id: "srvtoolu_1",
          name: "web_search",
          input: {},
        }),
      ],
    },
  ],
  [
    "prefill on a model before 4.6",
    { ...base, model: "claude-haiku-4-5", messages: [hi, assistant(text("Sure"))] },
  ],
  [
    "forced tools on haiku 5.5",
    {
      ...base,
      model: "claude-haiku-5-5",
      tools: [SEARCH, CALCULATOR],
      tool_choice: { type: "any" },
    },
  ],
  [
    "1h before 5m",
    { ...base, system: [text("a", cached("1h"))], messages: [user(text("b", cached()))] },
  ],
  ["max_tokens 0, to warm the cache", { ...base, max_tokens: 0 }],
  [
    "a server tool",
    { ...base, tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 2 }] },
  ],
  [
    "an assistant text with null citations",
    { ...base, messages: [hi, assistant(text("y", { citations: null })), hi] },
  ],
];

describe("what the API takes is taken", () => {
  test.each(TAKEN)("%s", async (_, body) => {
    const answer = await post(body);
    expect([answer.status, answer.message]).toEqual([200, ""]);
  });
});

test("a request without a key is 401, a wrong key too where one is set", async () => {
  expect(await post(base, { "anthropic-version": "2026-10-21" })).toMatchObject({
    status: 401,
    type: "authentication_error",
  });
  const locked = await startBench({ apiKey: "the-key" });
  try {
    await expect(locked.sdk.messages.create(ask("hi"))).rejects.toMatchObject({
      status: 401,
      type: "authentication_error",
    });
  } finally {
    await locked.model.close();
  }
});

test("x-api-key is as good as a bearer token", async () => {
  expect((await post(base, { "x-api-key": "k", "anthropic-version": "2023-06-01" })).status).toBe(
    200,
  );
});

test("a request without a version, or with an unknown one, is 400", async () => {
  expect((await post(base, { authorization: "Bearer k" })).message).toContain("anthropic-version");
  expect(
    (await post(base, { authorization: "Bearer k", "anthropic-version": "1999-01-01" })).status,
  ).toBe(400);
});

test("a body that is no JSON is 400, one over 32 MB is 413", async () => {
  expect((await post("{nope")).status).toBe(400);
  const huge = { ...base, messages: [user(text("x".repeat(33 * 1024 * 1024)))] };
  expect(await post(huge)).toMatchObject({ status: 413, type: "request_too_large" });
});

test("count_tokens checks the prompt and counts what a message would", async () => {
  const { input_tokens: counted } = await bench.sdk.messages.countTokens({
    model: MODEL,
    messages: [{ role: "user", content: "How many?" }],
    tools,
  });
  const reply = await bench.sdk.messages.create(ask("How many?", { tools }));
  expect(counted).toBe(reply.usage.input_tokens);
  await expect(
    bench.sdk.messages.countTokens({ model: "claude-9", messages: [] }),
  ).rejects.toMatchObject({ status: 404 });
  const extra = await post({ ...base }, undefined, "/v1/messages/count_tokens");
  expect(extra).toMatchObject({
    status: 400,
    message: "max_tokens: Extra inputs are not permitted",
  });
});

test("models are listed with their limits", async () => {
  const models = [];
  for await (const model of bench.sdk.models.list()) models.push(model.id);
  expect(models).toContain(MODEL);
  expect(await bench.sdk.models.retrieve("claude-haiku-4-5")).toMatchObject({
    max_input_tokens: 200_000,
    max_tokens: 64_000,
  });
  await expect(bench.sdk.models.retrieve("claude-9")).rejects.toMatchObject({ status: 404 });
});

test("replies carry the request id and the rate limit headers", async () => {
  const { response, request_id } = await bench.sdk.messages.create(ask("hi")).withResponse();
  expect(request_id).toMatch(/^req_/);
  expect(response.headers.get("anthropic-ratelimit-requests-remaining")).not.toBeNull();
  expect(
    Date.parse(response.headers.get("anthropic-ratelimit-tokens-reset") ?? ""),
  ).toBeGreaterThan(0);
});

test("an unknown route is 404 and a malformed admin call says what is wrong", async () => {
  expect((await post({}, undefined, "/v1/nope")).status).toBe(404);
  await expect(bench.faults({ kind: "gremlins" })).rejects.toThrow(/kind/);
  await expect(bench.script({ reply: { txt: "x" } })).rejects.toThrow(/txt/);
});
