// The provider's batches as activities see them, against the offline model.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  isToolUse,
  mergeNeighbours,
  toolAnswer,
  userMessage,
  type Message,
} from "../../../src/domain/message.ts";
import type { ToolSpec } from "../../../src/domain/tool.ts";
import { anthropicBatches } from "../../../src/model/anthropic-batches.ts";
import type { ProviderBatches } from "../../../src/model/provider-batches.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { freePort } from "../../support/processes.ts";
import { CALCULATOR, startBench, until, type Bench } from "../offline/support.ts";

let bench: Bench;
let batches: ProviderBatches;
beforeAll(async () => {
  bench = await startBench();
  batches = anthropicBatches({ apiKey: "offline", baseUrl: bench.model.url, offline: true });
});
beforeEach(async () => {
  await bench.admin("DELETE", "");
  await bench.admin("PUT", "/batches", { delayMs: 0 });
});
afterAll(() => bench.model.close());

const { name, description, input_schema: inputSchema } = CALCULATOR;
const tool: ToolSpec = {
  ...{ name, description, inputSchema, permission: "read", effect: "pure" },
  ...{ timeoutMs: 1000, attemptsMax: 1, inline: true },
};
const request = aRequest({ tools: [tool] });

async function ended(providerBatchId: string): Promise<void> {
  await until("it has ended", async () =>
    (await batches.look(providerBatchId))?.hasEnded ? true : undefined,
  );
}

test("a reply is the same as from a live call, thinking and tool calls included", async () => {
  const reply = {
    text: "Let me see.",
    thinking: "Six times seven.",
    toolCalls: [{ name, input: { expression: "6*7" } }],
  };
  await bench.script({ reply, times: 2 });
  const providerBatchId = await batches.create(request, "call_1");
  await ended(providerBatchId);
  const result = await batches.resultOf(providerBatchId, "call_1");
  if (result?.kind !== "succeeded") throw new Error("it succeeded");
  const live = await aModel(bench.model.url).call(request, DEAF, NEVER);
  const idsGone = (text: string): string => text.replaceAll(/toolu_\w+/g, "toolu");
  expect(idsGone(JSON.stringify(result.reply.message))).toBe(idsGone(JSON.stringify(live.message)));
  expect(result.reply).toMatchObject({
    stopReason: "tool_use",
    model: live.model,
    invalidCalls: [],
  });
  expect(result.reply.usage.outputTokens).toBe(live.usage.outputTokens);
});

test("from the second turn on the prompt is cached for an hour, where a batch outlasts five minutes", async () => {
  const instructions = "Answer. ".repeat(1000);
  const asked = { ...request, instructions };
  const calls = Array.from({ length: 25 }, () => ({ name, input: { expression: "6*7" } }));
  await bench.script({ reply: { toolCalls: calls }, times: 2 }, { reply: { text: "42." } });
  const ask = async (messages: readonly Message[]): Promise<Message> => {
    const providerBatchId = await batches.create({ ...asked, messages }, "call");
    await ended(providerBatchId);
    const result = await batches.resultOf(providerBatchId, "call");
    if (result?.kind !== "succeeded") throw new Error(JSON.stringify(result));
    return result.reply.message;
  };
  const conversation = [userMessage("How much is it?")];
  for (let turn = 1; turn <= 3; turn += 1) {
    const reply = await ask(conversation);
    const answers = reply.content.filter(isToolUse).map(({ id }) => toolAnswer(id, "42", false));
    conversation.push(reply, ...mergeNeighbours(answers));
  }
  const bills = bench.model.billing();
  expect(bills.map(({ cacheWrite5mTokens }) => cacheWrite5mTokens)).toEqual([0, 0, 0]);
  expect(bills[0]).toMatchObject({ cacheWrite1hTokens: 0, cacheReadTokens: 0 });
  expect(bills[1]?.cacheWrite1hTokens).toBeGreaterThan(1000);
  // The third has more blocks than the provider looks back over: its second mark finds them.
  expect(bills[2]?.cacheReadTokens).toBe(bills[1]?.cacheWrite1hTokens);
});

test("a refusal names its category", async () => {
  await bench.faults({ kind: "refusal", category: "cyber" });
  const providerBatchId = await batches.create(request, "call_1");
  await ended(providerBatchId);
  const result = await batches.resultOf(providerBatchId, "call_1");
  expect(result).toMatchObject({
    kind: "succeeded",
    reply: { stopReason: "refusal", refusalCategory: "cyber", message: { content: [] } },
  });
});

test("of a batch that holds no such request, and of one that is none, there is nothing", async () => {
  const providerBatchId = await batches.create(request, "call_1");
  await ended(providerBatchId);
  expect(await batches.resultOf(providerBatchId, "call_2")).toBeNull();
  expect(await batches.look("msgbatch_none")).toBeNull();
});

test.each(["errored", "expired"])("a request that %s says so", async (kind) => {
  await bench.admin("PUT", "/batches", { fates: [{ kind }] });
  const providerBatchId = await batches.create(request, "call_1");
  await ended(providerBatchId);
  expect(await batches.resultOf(providerBatchId, "call_1")).toMatchObject({ kind });
});

test("a cancelled batch ends, and what was not begun is not answered", async () => {
  await bench.admin("PUT", "/batches", { delayMs: 60_000 });
  const providerBatchId = await batches.create(request, "call_1");
  await batches.cancel(providerBatchId);
  await ended(providerBatchId);
  expect(await batches.resultOf(providerBatchId, "call_1")).toMatchObject({ kind: "canceled" });
});

test("batches of a moment are found, over several pages, and no others", async () => {
  await bench.admin("PUT", "/batches", { delayMs: 60_000 });
  const from = new Date();
  const made = await Promise.all(
    Array.from({ length: 120 }, (_, n) => batches.create(request, `call_${n}`)),
  );
  const hour = (hours: number): Date => new Date(from.getTime() + hours * 3_600_000);
  const found = await batches.createdBetween(from, hour(1));
  expect(found.map(({ id }) => id).toSorted()).toEqual(made.toSorted());
  expect(found[0]).toMatchObject({ requestCount: 1, hasEnded: false });
  expect(await batches.createdBetween(hour(1), hour(2))).toEqual([]);
  expect(await batches.createdBetween(hour(-2), hour(-1))).toEqual([]);
});

describe("whether there can be a batch", () => {
  test.each([
    ["rate_limit", "PROVIDER_RATE_LIMITED", "free"],
    ["auth", "PROVIDER_AUTH", "free"],
    ["answer_lost", "PROVIDER_UNREACHABLE", "unknown"],
    ["page", "PROVIDER_UNAVAILABLE", "unknown"],
  ])("after %s: %s, %s", async (kind, code, billing) => {
    await bench.faults({ kind });
    expect(await failureOf(batches.create(request, "call_1"))).toMatchObject({ code, billing });
  });

  test("where nobody listens: none", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const nobody = anthropicBatches({ apiKey: "offline", baseUrl, offline: true });
    expect(await failureOf(nobody.create(request, "call_1"))).toMatchObject({ billing: "unsent" });
  });
});
