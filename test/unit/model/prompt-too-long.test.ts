import { afterEach, describe, expect, test } from "@jest/globals";
import { tooLongIn } from "../../../src/model/prompt-too-long.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  openStream,
  startScriptedProvider,
  type Answer,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

let provider: ScriptedProvider | undefined;

afterEach(async () => {
  await provider?.stop();
  provider = undefined;
});

describe("a prompt that is too long is known, and the limit that is told", () => {
  test.each<[string, string, number | null]>([
    ["Anthropic", "prompt is too long: 1000123 tokens > 1000000 maximum", 1_000_000],
    [
      "Anthropic, with its reply",
      "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length",
      200_000,
    ],
    [
      "llama.cpp",
      "request (4702 tokens) exceeds the available context size (4096 tokens), try increasing it",
      4096,
    ],
    [
      "llama.cpp of before",
      "the request exceeds the available context size. try increasing the context size or enable context shift",
      null,
    ],
    [
      "vLLM and OpenAI",
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9012 tokens.",
      8192,
    ],
    [
      "vLLM's engine",
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that",
      4096,
    ],
    [
      "LiteLLM",
      "litellm.ContextWindowExceededError: litellm.BadRequestError: OpenAIException - too many tokens",
      null,
    ],
    ["Ollama", "input length exceeds the context length", null],
    [
      "LM Studio",
      "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
      4096,
    ],
    ["Bedrock", "Input is too long for requested model.", null],
    [
      "Gemini",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      1_048_576,
    ],
    [
      "Mistral",
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      32_768,
    ],
    [
      "TGI",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 + 512",
      4096,
    ],
    ["TGI's router", "`inputs` must have less than 4095 tokens. Given: 5000", 4095],
    ["with commas", "This model's maximum context length is 131,072 tokens", 131_072],
  ])("%s", (_, words, contextTokens) => {
    expect(tooLongIn(null, words)).toEqual({ contextTokens });
  });

  test.each([
    "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-opus-5",
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after",
    "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000",
    "tools.0.name: String should have at most 64 characters, it is too long",
    "You have reached your specified API usage limits.",
    "model: qwen-local",
  ])("and nothing else is taken for it: %s", (words) => {
    expect(tooLongIn({ error: { message: words } }, words)).toBeNull();
  });

  test("a number that is none is not believed", () => {
    expect(tooLongIn({ error: { n_ctx: 0 } }, "exceeds the context size (7 tokens)")).toEqual({
      contextTokens: null,
    });
    expect(tooLongIn({ error: { n_ctx: 2048 } }, "exceeds the context size (7 tokens)")).toEqual({
      contextTokens: 2048,
    });
  });
});

describe("the error of a call says so, costs nothing, and has the limit", () => {
  const body =
    (error: object): Answer =>
    (response) =>
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(error));
  const LLAMA = {
    code: 400,
    message: "request (5528 tokens) exceeds the available context size (4096 tokens)",
    type: "exceed_context_size_error",
    n_prompt_tokens: 5528,
    n_ctx: 4096,
  };

  test.each<[string, Answer, number | null]>([
    ["as llama.cpp's server answers", body({ error: LLAMA }), 4096],
    [
      "as Anthropic's API answers",
      body({
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "prompt is too long: 9 tokens > 8192 maximum",
        },
      }),
      8192,
    ],
    [
      "as OpenAI's code through a gateway",
      body({ error: { code: "context_length_exceeded", message: "Please shorten it." } }),
      null,
    ],
  ])("%s", async (_, answer, contextTokens) => {
    provider = await startScriptedProvider(answer);
    const error = await failureOf(aModel(provider.url).call(aRequest(), DEAF, NEVER));
    expect(error).toMatchObject({ code: "PROMPT_TOO_LONG", billing: "free", contextTokens });
  });

  test("in a stream that begins with it", async () => {
    provider = await startScriptedProvider((response) =>
      openStream(response).end(`event: error\ndata: ${JSON.stringify({ error: LLAMA })}\n\n`),
    );
    const error = await failureOf(aModel(provider.url).call(aRequest(), DEAF, NEVER));
    expect(error).toMatchObject({ code: "PROMPT_TOO_LONG", contextTokens: 4096 });
  });
});

test.each<[string, number, object]>([
  [
    "llama.cpp's 404",
    404,
    { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
  ],
  ["a page", 405, { detail: "Method Not Allowed" }],
])("a server that counts no tokens is no failure: %s", async (_, status, said) => {
  provider = await startScriptedProvider((response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said)),
  );
  expect(await aModel(provider.url).countTokens(aRequest(), NEVER)).toBeNull();
});
