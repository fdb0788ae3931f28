import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { assistant, base, cached, hi, post, text, tools, user, type Row } from "./raw-request.ts";
import { CALCULATOR, MODEL, startBench, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.model.close());

const offering = (properties: object) => {
  const input_schema = { type: "object", properties };
  return { ...base, tools: [{ name: "list", description: "Lists.", input_schema }] };
};
const KEYS = /^tools\.0\.custom\.input_schema\.properties: Property keys should match pattern/;

const REFUSED: readonly Row[] = [
  ["an argument named $top", offering({ $top: { type: "number" } }), 400, KEYS],
  ["an argument named max price", offering({ "max price": { type: "number" } }), 400, KEYS],
  [
    "such a name deep inside",
    offering({ a: { type: "array", items: { type: "object", properties: { größe: {} } } } }),
    400,
    KEYS,
  ],
  ["missing model", { max_tokens: 1, messages: [hi] }, 400, /^model: Field required/],
  ["missing max_tokens", { model: MODEL, messages: [hi] }, 400, /^max_tokens: Field required/],
  ["missing messages", { model: MODEL, max_tokens: 1 }, 400, /^messages: Field required/],
  ["no messages", { ...base, messages: [] }, 400, /at least one message/],
  ["an unknown field", { ...base, session: 1 }, 400, /^session: Extra inputs are not permitted/],
  ["temperature", { ...base, temperature: 1 }, 400, /^temperature: Extra inputs are not permitted/],
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
    "a prompt over the context window",
    { ...base, model: "claude-haiku-4-5", messages: [user(text("x".repeat(800_000)))] },
    400,
    /^prompt is too long: \d+ tokens > 200000 maximum/,
  ],
];

describe("a request that the API refuses is refused", () => {
  test.each(REFUSED)("%s", async (_, body, status, message) => {
    const answer = await post(bench, body);
    expect(answer.message).toMatch(message);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe(status === 404 ? "not_found_error" : "invalid_request_error");
    expect(answer.requestId).toBe(answer.headers.get("request-id"));
  });
});
