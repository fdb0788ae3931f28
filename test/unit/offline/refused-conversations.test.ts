import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  assistant,
  base,
  cached,
  hi,
  post,
  result,
  text,
  tools,
  use,
  user,
  type Row,
} from "./raw-request.ts";
import { CALCULATOR, SEARCH, startBench, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.model.close());

const REFUSED: readonly Row[] = [
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
];

describe("a conversation that the API refuses is refused", () => {
  test.each(REFUSED)("%s", async (_, body, status, message) => {
    const answer = await post(bench, body);
    expect(answer.message).toMatch(message);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe(status === 404 ? "not_found_error" : "invalid_request_error");
    expect(answer.requestId).toBe(answer.headers.get("request-id"));
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
    const answer = await post(bench, body);
    expect([answer.status, answer.message]).toEqual([200, ""]);
  });
});
