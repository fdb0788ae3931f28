import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type {
  ContentBlockParam,
  Message,
  MessageParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import {
  ask,
  CALCULATOR,
  MODEL,
  runTool,
  SEARCH,
  startBench,
  work,
  type Bench,
} from "./support.ts";

let nowMs = Date.parse("2026-11-21T12:00:00Z");
let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ nowMs: () => nowMs });
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(() => bench.model.close());

const cache_control = { type: "ephemeral" as const };
const words = (count: number): string => "seven ".repeat(count);

function usageOf({ usage }: Message) {
  return {
    input: usage.input_tokens,
    read: usage.cache_read_input_tokens ?? 0,
    write: usage.cache_creation_input_tokens ?? 0,
    prompt:
      usage.input_tokens +
      (usage.cache_read_input_tokens ?? 0) +
      (usage.cache_creation_input_tokens ?? 0),
    output: usage.output_tokens,
  };
}

test("the next prompt never exceeds last prompt + last reply + bytes added + 16 a message", async () => {
  const task = "How much taller is Mount Everest than K2?";
  const { replies, messages } = await work(
    bench.sdk,
    ask(task, { tools: [CALCULATOR, SEARCH], cache_control }),
    runTool,
  );
  expect(replies.length).toBe(3);
  for (let at = 1; at < replies.length; at += 1) {
    const [before, after] = [replies[at - 1], replies[at]].map((reply) =>
      usageOf(reply as Message),
    );
    const added = messages[at * 2];
    const bytes = Buffer.byteLength(JSON.stringify(added));
    expect(after?.prompt).toBeLessThanOrEqual(
      (before?.prompt ?? 0) + (before?.output ?? 0) + bytes + 2 * 16,
    );
    expect(after?.prompt).toBeGreaterThan((before?.prompt ?? 0) + 1);
  }
});

test("a prompt costs no more tokens than its JSON has bytes, plus 300 where tools are offered", async () => {
  const request = ask("°".repeat(50), { tools: [CALCULATOR], system: "x" });
  const { usage } = await bench.sdk.messages.create(request);
  const bytes = Buffer.byteLength(
    JSON.stringify([request.system, request.tools, request.messages]),
  );
  expect(usage.input_tokens).toBeLessThanOrEqual(bytes + 300);
});

describe("a reply never exceeds max_tokens", () => {
  test("text is cut", async () => {
    await bench.script({ reply: { text: "é".repeat(500) }, times: 2 });
    const reply = await bench.sdk.messages.create(ask("x", { max_tokens: 20 }));
    expect(reply).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 20 } });
    const streamed = await bench.sdk.messages.stream(ask("x", { max_tokens: 7 })).finalMessage();
    expect(streamed.usage.output_tokens).toBeLessThanOrEqual(7);
    expect(JSON.stringify(streamed.content)).not.toContain("\uFFFD");
  });

  test("a tool call is cut in the middle of its JSON", async () => {
    await bench.script({
      reply: { toolCalls: [{ name: "calculator", input: { expression: "1+".repeat(200) } }] },
    });
    const parts: string[] = [];
    const stream = bench.sdk.messages.stream(ask("x", { max_tokens: 20, tools: [CALCULATOR] }));
    stream.on("streamEvent", (event) => {
      if (event.type === "content_block_delta" && event.delta.type === "input_json_delta")
        parts.push(event.delta.partial_json);
    });
    const reply = await stream.finalMessage();
    expect(reply.stop_reason).toBe("max_tokens");
    expect(reply.usage.output_tokens).toBeLessThanOrEqual(20);
    expect(parts[0]).toBe("");
    expect(parts.join("")).toMatch(/^\{"expression":"1\+1\+.*[^}]$/);
  });

  test("max_tokens 0 warms the cache and says nothing", async () => {
    const request = ask("hi", {
      max_tokens: 0,
      system: [{ type: "text", text: words(600), cache_control }],
    });
    const warm = await bench.sdk.messages.create(request);
    expect(warm).toMatchObject({
      content: [],
      stop_reason: "max_tokens",
      usage: { output_tokens: 0 },
    });
    expect(usageOf(await bench.sdk.messages.create({ ...request, max_tokens: 50 })).read).toBe(
      usageOf(warm).write,
    );
  });

  test("a stop sequence ends the text before it", async () => {
    await bench.script({ reply: { text: "one STOP two" } });
    const reply = await bench.sdk.messages.create(ask("x", { stop_sequences: ["STOP"] }));
    expect(reply).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "STOP",
      content: [{ text: "one " }],
    });
  });
});

describe("the prompt cache", () => {
  const big = words(600);
  const system = [{ type: "text" as const, text: big, cache_control }];
  const send = async (change: object = {}) =>
    usageOf(await bench.sdk.messages.create({ ...ask("hi", { system }), ...change }));

  test("a marked prefix is written once and read afterwards, to the token", async () => {
    const first = await send();
    const prefix = Math.ceil(Buffer.byteLength(big) / 3.5);
    expect(first).toMatchObject({ write: prefix, read: 0 });
    const second = await send({ messages: [{ role: "user", content: "something else" }] });
    expect(second).toMatchObject({ write: 0, read: prefix });
    expect(first.input + first.write).toBe(first.prompt);
  });

  test("the split by lifetime is reported, 1 h and 5 m", async () => {
    const { usage } = await bench.sdk.messages.create({
      ...ask("hi"),
      system: [
        { type: "text", text: big, cache_control: { type: "ephemeral", ttl: "1h" } },
        { type: "text", text: big, cache_control },
      ],
    });
    const half = Math.ceil(Buffer.byteLength(big) / 3.5);
    expect(usage.cache_creation).toEqual({
      ephemeral_5m_input_tokens: half,
      ephemeral_1h_input_tokens: half,
    });
    nowMs += 6 * 60_000;
    const again = await send({
      system: [{ type: "text", text: big, cache_control: { type: "ephemeral", ttl: "1h" } }],
    });
    expect(again).toMatchObject({ read: half, write: 0 });
  });

  test("an entry ends after five minutes unused; reading renews it", async () => {
    const { write } = await send();
    nowMs += 4 * 60_000;
    expect((await send()).read).toBe(write);
    nowMs += 4 * 60_000;
    expect((await send()).read).toBe(write);
    nowMs += 5 * 60_000 + 1;
    expect((await send()).read).toBe(0);
  });

  test("prefixes below the model's minimum are not cached", async () => {
    const model = "claude-haiku-4-5";
    expect(await send({ model })).toMatchObject({ write: 0, read: 0 });
    const long = [{ type: "text" as const, text: words(3_000), cache_control }];
    expect((await send({ model, system: long })).write).toBeGreaterThan(4_096);
  });

  test("another model, other tools and other text miss; another tool choice spares the system prompt", async () => {
    const { write } = await send({ tools: [CALCULATOR] });
    expect((await send({ tools: [CALCULATOR], model: "claude-opus-5-5" })).read).toBe(0);
    expect((await send({ tools: [SEARCH] })).read).toBe(0);
    expect((await send({ tools: [CALCULATOR], tool_choice: { type: "none" } })).read).toBe(write);
  });

  test("automatic caching follows the conversation", async () => {
    const messages: MessageParam[] = [{ role: "user", content: big }];
    const send2 = async () =>
      usageOf(
        await bench.sdk.messages.create({ model: MODEL, max_tokens: 50, cache_control, messages }),
      );
    const first = await send2();
    expect(first).toMatchObject({ input: 0, write: first.prompt });
    messages.push({ role: "assistant", content: "Aha." }, { role: "user", content: "And?" });
    expect(await send2()).toMatchObject({ read: first.prompt, input: 0 });
  });

  test("an entry is found at most 20 blocks back from a mark", async () => {
    const block = (text: string): ContentBlockParam => ({ type: "text", text });
    const grow = async (blocks: number) =>
      usageOf(
        await bench.sdk.messages.create({
          model: MODEL,
          max_tokens: 50,
          cache_control,
          messages: [
            {
              role: "user",
              content: [
                block(big),
                ...Array.from({ length: blocks }, (_, at) => block(`note ${at}`)),
              ],
            },
          ],
        }),
      );
    const first = await grow(0);
    expect((await grow(19)).read).toBe(first.prompt);
    await bench.admin("DELETE", "");
    await grow(0);
    expect((await grow(20)).read).toBe(0);
  });
});
