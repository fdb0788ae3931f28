import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { MessageParam } from "@anthropic-ai/sdk/resources/messages/messages";
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

const TASK =
  "What is the population of Earth, and how many people is that per square kilometre of land? The land area is 148,940,000 km².";
const tools = [CALCULATOR, SEARCH];
const system = "You are careful.";

let bench: Bench;
let messages: MessageParam[];
beforeAll(async () => {
  bench = await startBench();
  const params = ask(TASK, { tools, system });
  messages = [...(await work(bench.sdk, params, runTool)).messages];
});
afterAll(() => bench.model.close());

const send = (change: object = {}, from = bench) =>
  from.sdk.messages.create({
    model: MODEL,
    max_tokens: 1024,
    system,
    tools,
    messages: [...messages, { role: "user", content: "Thanks!" }],
    ...change,
  });

/** The same conversation with one message changed on its way through JSON. */
function edited(index: number, edit: (json: string) => string): MessageParam[] {
  const copy = messages.map((message, at) =>
    at === index ? (JSON.parse(edit(JSON.stringify(message))) as MessageParam) : message,
  );
  return [...copy, { role: "user", content: "Thanks!" }];
}

test("a conversation sent back verbatim is accepted, also after a restart of the server", async () => {
  expect((await send()).stop_reason).toBe("end_turn");
  const restarted = await startBench();
  try {
    expect((await send({}, restarted)).stop_reason).toBe("end_turn");
  } finally {
    await restarted.model.close();
  }
});

test("moving cache marks does not change the conversation", async () => {
  const marked = structuredClone(messages);
  const first = marked[0];
  if (first !== undefined)
    first.content = [{ type: "text", text: TASK, cache_control: { type: "ephemeral" } }];
  await expect(
    send({ messages: [...marked, { role: "user", content: "Thanks!" }] }),
  ).resolves.toBeDefined();
});

describe("thinking is bound to every byte before it", () => {
  const changes: readonly (readonly [what: string, change: () => object])[] = [
    ["other instructions", () => ({ system: "You are careless." })],
    ["no instructions", () => ({ system: undefined })],
    [
      "another tool description",
      () => ({ tools: [{ ...CALCULATOR, description: "New." }, SEARCH] }),
    ],
    ["tools in another order", () => ({ tools: [SEARCH, CALCULATOR] })],
    [
      "keys of a tool in another order",
      () => ({
        tools: [
          {
            description: CALCULATOR.description,
            name: CALCULATOR.name,
            input_schema: CALCULATOR.input_schema,
          },
          SEARCH,
        ],
      }),
    ],
    ["an edited task", () => ({ messages: edited(0, (json) => json.replace("Earth", "Mars")) })],
    [
      "an edited tool result",
      () => ({ messages: edited(2, (json) => json.replace("8.1 billion", "9.9 billion")) }),
    ],
    [
      "a message in between taken out",
      () => ({
        messages: [
          ...messages.slice(0, 1),
          ...messages.slice(3),
          { role: "user", content: "Thanks!" },
        ],
      }),
    ],
  ];
  test.each(changes)("%s is refused", async (_, change) => {
    await expect(send(change())).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(
        /Invalid `signature` in `thinking` block\. The block is bound to a different conversation\./,
      ),
    });
  });

  test("re-ordered keys of a tool call are refused, at the next block that was thought after it", async () => {
    const reordered = edited(1, (json) =>
      json.replace(/"id":("[^"]+"),"name":("web_search")/, '"name":$2,"id":$1'),
    );
    expect(JSON.stringify(reordered)).not.toBe(
      JSON.stringify([...messages, { role: "user", content: "Thanks!" }]),
    );
    await expect(send({ messages: reordered })).rejects.toMatchObject({
      message: expect.stringContaining("messages.3.content.0: Invalid `signature`"),
    });
  });
});

test("edited thinking in the latest turn is refused as such", async () => {
  const spoiled = edited(messages.length - 1, (json) =>
    json.replace('"thinking":""', '"thinking":"I know better"'),
  );
  await expect(send({ messages: spoiled })).rejects.toMatchObject({
    message: expect.stringContaining("in the latest assistant message cannot be modified"),
  });
});

test("thinking of another model is dropped from the prompt, not refused and not counted", async () => {
  const model = "claude-opus-5-5";
  await expect(send({ model })).resolves.toMatchObject({ model });
  const stripped = messages.map((message) =>
    typeof message.content === "string"
      ? message
      : { ...message, content: message.content.filter(({ type }) => type !== "thinking") },
  ) as MessageParam[];
  const count = async (history: MessageParam[]) =>
    (await bench.sdk.messages.countTokens({ model, system, tools, messages: history }))
      .input_tokens;
  const ended: MessageParam = { role: "user", content: "Thanks!" };
  expect(await count([...messages, ended])).toBe(await count([...stripped, ended]));
});

test("models that don't bind their thinking take it behind other instructions", async () => {
  const model = "claude-opus-5";
  const thinking = { type: "adaptive" as const };
  const worked = await work(
    bench.sdk,
    { ...ask("What is 2 + 2?", { tools, system }), model, thinking },
    runTool,
  );
  expect(worked.replies[0]?.content[0]).toMatchObject({
    type: "thinking",
    thinking: expect.stringContaining("2 + 2"),
  });
  const next = [...worked.messages, { role: "user" as const, content: "Thanks!" }];
  await expect(
    bench.sdk.messages.create({
      model,
      max_tokens: 100,
      tools,
      thinking,
      system: "Other.",
      messages: next,
    }),
  ).resolves.toBeDefined();
});

test("its text is left out unless it is asked for", async () => {
  const first = async (change: object) =>
    (await bench.sdk.messages.create(ask("What is 2 + 2?", change))).content[0];
  expect(await first({})).toMatchObject({ type: "thinking", thinking: "" });
  expect(await first({ thinking: { type: "adaptive", display: "summarized" } })).toMatchObject({
    thinking: expect.stringMatching(/./),
  });
  expect(await first({ thinking: { type: "between_tools" } })).toMatchObject({ type: "text" });
});
