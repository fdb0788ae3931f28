// A server of one's own, as llama.cpp's is: it asks for no key, lists no price, counts no tokens beforehand, and has a
// window that nobody was told of. Its model comes from a file, and is free.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, it } from "@jest/globals";
import { LEFT_OUT } from "../../src/domain/left-out.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { PATIENT } from "../support/run-bench.ts";
import {
  openStream,
  sse,
  startScriptedProvider,
  type ScriptedProvider,
} from "../support/scripted-provider.ts";
import { openWorld, type World } from "../support/world.ts";

const MODEL = "qwen2.5-coder:1.5b";
const dir = mkdtempSync(join(tmpdir(), "pawl-own-models-"));

interface Spoken {
  readonly text?: string;
  readonly tool?: { readonly name: string; readonly input: object };
  readonly tokens: readonly [number, number];
}

type Scripted = Spoken | { readonly status: number; readonly error: object };

let world: World;
let provider: ScriptedProvider;
let script: Scripted[] = [];

beforeAll(async () => {
  const path = join(dir, "models.json");
  const model = { contextTokens: 128_000, replyTokens: 8192, free: true };
  const tiers = { simple: MODEL, medium: MODEL, complex: MODEL };
  writeFileSync(path, JSON.stringify({ models: { [MODEL]: model }, tiers }));
  provider = await startScriptedProvider((response) => answer(response));
  const env = {
    ...PATIENT,
    ANTHROPIC_BASE_URL: provider.url,
    ANTHROPIC_API_KEY: "",
    PAWL_OFFLINE_MODEL: "0",
    PAWL_MODELS_FILE: path,
    // Of what is free the smallest cap is enough.
    PAWL_RUN_CAP_USD: "0.000001",
  };
  world = await openWorld({ env });
  await world.startWorker();
}, 180_000);
afterAll(async () => {
  await world?.close();
  await provider?.stop();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  script = [];
});

function answer(response: ServerResponse): void {
  const json = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const isCall = provider.requests.at(-1)?.path.split("?")[0] === "/v1/messages";
  const next = isCall ? script.shift() : undefined;
  if (next === undefined)
    return void json(404, { error: { code: 404, message: "File Not Found" } });
  if ("status" in next) return void json(next.status, { error: next.error });
  openStream(response).end(eventsOf(next));
}

function eventsOf({ text, tool, tokens: [input, output] }: Spoken): string {
  const blocks = [
    ...(text === undefined
      ? []
      : [
          [
            { type: "text", text: "" },
            { type: "text_delta", text },
          ],
        ]),
    ...(tool === undefined
      ? []
      : [
          [
            { type: "tool_use", id: `call_${tool.name}`, name: tool.name, input: {} },
            { type: "input_json_delta", partial_json: JSON.stringify(tool.input) },
          ],
        ]),
  ];
  const usage = { input_tokens: input, output_tokens: output };
  return [
    sse({ type: "message_start", message: { ...MESSAGE, usage } }),
    ...blocks.flatMap(([content_block, delta], index) => [
      sse({ type: "content_block_start", index, content_block }),
      sse({ type: "content_block_delta", index, delta }),
      sse({ type: "content_block_stop", index }),
    ]),
    sse({
      type: "message_delta",
      delta: { stop_reason: tool === undefined ? "end_turn" : "tool_use", stop_sequence: null },
      usage: { output_tokens: output },
    }),
    sse({ type: "message_stop" }),
  ].join("");
}

const MESSAGE = {
  ...{ id: "msg_1", type: "message", role: "assistant", model: MODEL, content: [] },
  ...{ stop_reason: null, stop_sequence: null },
};

const run = async (task: string) => {
  const { runId } = await world.client.start({ task, tenant: "test", session: "test" });
  return { runId, result: await world.client.result(runId) };
};
const bodies = (): readonly string[] =>
  provider.requests.filter(({ path }) => !path.includes("count_tokens")).map(({ body }) => body);

it("a free model of a file answers for nothing: no key, no hold, no dollar of the cap, and its tokens are counted", async () => {
  script = [
    { tool: { name: "calculator", input: { expression: "0.17 * 2340" } }, tokens: [900, 20] },
    { text: "It is 397.8.", tokens: [950, 8] },
  ];
  const { runId, result } = await run("What is 17 % of 2,340?");
  expect(result).toMatchObject({
    outcome: { kind: "answered" },
    answer: "It is 397.8.",
    free: true,
    costUsd: 0,
    crashTaxUsd: 0,
    models: { [MODEL]: 2 },
    usage: { inputTokens: 1850, outputTokens: 28 },
  });
  const totals = await createLedger(world.db).totals(runId);
  expect(totals).toMatchObject({ spentMicroUsd: 0, fearedMicroUsd: 0, heldMicroUsd: 0 });
  expect(JSON.parse(bodies()[0] ?? "{}")).toMatchObject({ model: MODEL });
  expect(provider.requests[0]?.headers.authorization).toBe("Bearer none");
});

it("a call of our search by a model of others finds our own tool, and one of no tool is shown and counted", async () => {
  script = [
    { tool: { name: "web_search", input: { query: "population of Norway" } }, tokens: [900, 20] },
    { tool: { name: "browse", input: {} }, tokens: [1000, 20] },
    { text: "5.5 million.", tokens: [1100, 8] },
  ];
  const { runId, result } = await run("Search for the population of Norway.");
  expect(result).toMatchObject({ answer: "5.5 million.", toolCalls: 1, toolCallsRefused: 1 });
  const seen: string[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "tool.finished") seen.push(`${event.tool} ${event.isError}`);
  }
  expect(seen).toEqual(["web_search false", "browse true"]);
});

const LLAMA = {
  ...{ code: 400, type: "exceed_context_size_error", n_prompt_tokens: 4702, n_ctx: 4096 },
  message:
    "request (4702 tokens) exceeds the available context size (4096 tokens), try increasing it",
};

it("a window that only the server knows is believed: the run sums up, and goes on", async () => {
  const before = bodies().length;
  script = [
    {
      text: "Some thoughts. ".repeat(400),
      tool: { name: "calculator", input: { expression: "6 * 7" } },
      tokens: [400, 1500],
    },
    { tool: { name: "calculator", input: { expression: "7 * 8" } }, tokens: [1950, 20] },
    { status: 400, error: LLAMA },
    { text: "So far: 42, and 56 is asked for.", tokens: [2000, 30] },
    { text: "42 and 56.", tokens: [600, 10] },
  ];
  const { result } = await run("What is 6 * 7, and then 7 * 8?");
  expect(result).toMatchObject({
    outcome: { kind: "answered" },
    answer: "42 and 56.",
    crashTaxUsd: 0,
  });
  const asked = bodies().slice(before);
  expect(asked).toHaveLength(5);
  expect(asked[3]).toContain("will go on from a summary");
  expect(asked[4]).toContain("Go on from your summary above");
  // An eighth of the window is the longest reply from then on.
  expect(JSON.parse(asked[4] ?? "{}")).toMatchObject({ max_tokens: 512 });
});

it("a conversation that leaves no room to sum it up is summed up without its middle, and goes on", async () => {
  const before = bodies().length;
  script = [
    {
      text: "Some thoughts. ".repeat(400),
      tool: { name: "calculator", input: { expression: "6 * 7" } },
      tokens: [400, 2600],
    },
    { tool: { name: "calculator", input: { expression: "7 * 8" } }, tokens: [3050, 950] },
    { status: 400, error: LLAMA },
    { text: "So far: 42, and 56 is asked for.", tokens: [900, 30] },
    { text: "42 and 56.", tokens: [600, 10] },
  ];
  const { result } = await run("What is 6 * 7, and then 7 * 8?");
  expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42 and 56." });
  const [whole = "", summary = "", last = ""] = bodies().slice(before + 2);
  expect(whole).toContain("Some thoughts.");
  expect(summary).toContain("will go on from a summary");
  expect(summary).toContain(LEFT_OUT);
  expect(summary).toContain("7 * 8");
  expect(summary).not.toContain("Some thoughts.");
  expect(last).toContain("Go on from your summary above");
});
