import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "@anthropic-ai/sdk/resources/messages/messages";
import { costOf, priceOn } from "../../../src/domain/pricing.ts";
import { MODELS } from "../../../src/domain/prices.ts";
import type { Usage } from "../../../src/domain/usage.ts";
import { billedMicroUsd, type BillingRecord } from "../../../offline-model/billing.ts";
import { servedModel } from "../../../offline-model/model-rules.ts";
import {
  ask,
  CALCULATOR,
  MODEL,
  runTool,
  SEARCH,
  startBench,
  textOf,
  until,
  work,
  type Bench,
} from "./support.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-billing-"));
const billingFile = join(dir, "billing.jsonl");
let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ billingFile });
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(async () => {
  await bench.model.close();
  rmSync(dir, { recursive: true });
});

const onDisk = (): BillingRecord[] =>
  readFileSync(billingFile, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as BillingRecord);

function billedAs(message: Message) {
  const { usage } = message;
  return {
    inputTokens: usage.input_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
    outputTokens: usage.output_tokens,
    webSearchRequests: usage.server_tool_use?.web_search_requests ?? 0,
    model: message.model,
    status: "complete",
  };
}

test("each reply is billed as its usage says, under its run and user, on disk", async () => {
  const params = {
    ...ask("What is the population of Earth?", { tools: [CALCULATOR, SEARCH] }),
    cache_control: { type: "ephemeral" as const },
    metadata: { user_id: "u1" },
  };
  const { replies } = await work(bench.sdkFor("run_1"), params, runTool);
  expect(onDisk()).toMatchObject(replies.map(billedAs));
  expect(onDisk()).toMatchObject(
    replies.map((_, at) => ({ seq: at + 1, runKey: "run_1", userId: "u1" })),
  );
  expect(bench.model.billing()).toEqual(onDisk());
  expect(await bench.admin("GET", "/billing")).toEqual({ records: onDisk() });
});

test("the record is on disk before the stream's last event", async () => {
  const stream = await bench.sdk.messages.create({ ...ask("What is 1 + 1?"), stream: true });
  for await (const event of stream) {
    if (event.type === "message_stop") expect(onDisk()).toHaveLength(1);
  }
  expect(onDisk()).toHaveLength(1);
});

describe("a client that goes away", () => {
  test("in mid-stream is billed for what it was sent, never more and never nothing", async () => {
    await bench.script({ reply: { textBytes: 2_000, chunkDelayMs: 3 } });
    const abort = new AbortController();
    let text = "";
    const stream = bench.sdk.messages.stream(ask("x"), { signal: abort.signal });
    stream.on("text", (delta) => {
      text += delta;
      if (text.length > 200) abort.abort();
    });
    await expect(stream.finalMessage()).rejects.toThrow();
    const [record] = await until("the bill", () => (onDisk().length > 0 ? onDisk() : undefined));
    expect(record).toMatchObject({ status: "aborted" });
    expect(record?.outputTokens).toBeGreaterThanOrEqual(Math.floor(text.length / 3.5));
    expect(record?.outputTokens).toBeLessThan(400);
    expect(record?.costMicroUsd).toBeGreaterThan(0);
  });

  test("while its request is on hold is billed for the prompt", async () => {
    await bench.faults({ kind: "hold" });
    const abort = new AbortController();
    const call = bench.sdk.messages.create(ask("x"), { signal: abort.signal });
    await until("the hold", async () => {
      const { requests } = (await bench.admin("GET", "/requests")) as {
        requests: { state: string }[];
      };
      return requests.some(({ state }) => state === "held") ? true : undefined;
    });
    abort.abort();
    await expect(call).rejects.toThrow();
    await until("the bill", () => (onDisk().length === 1 ? true : undefined));
    expect(onDisk()).toMatchObject([{ status: "aborted", outputTokens: 0 }]);
  });

  test("by kill -9 is billed too", async () => {
    await bench.script({ reply: { textBytes: 4_000, chunkDelayMs: 5 } });
    const body = JSON.stringify({ ...ask("x"), stream: true });
    const code = `const r = await fetch(process.argv[1] + "/v1/messages", { method: "POST", body: process.argv[2], headers: { authorization: "Bearer k", "anthropic-version": "2026-10-21" } });
      for await (const chunk of r.body) process.stdout.write(chunk);`;
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", code, bench.model.url, body],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGKILL");
    await until("the bill", () => (onDisk().length === 1 ? true : undefined));
    expect(onDisk()).toMatchObject([{ status: "aborted" }]);
  });
});

test("refused requests cost nothing", async () => {
  await expect(bench.sdk.messages.create(ask("x", { model: "claude-9" }))).rejects.toThrow();
  await expect(bench.sdk.messages.create(ask(""))).rejects.toThrow();
  await bench.sdk.messages.countTokens({
    model: MODEL,
    messages: [{ role: "user", content: "free" }],
  });
  expect(onDisk()).toEqual([]);
});

test("numbering goes on after a restart, and a line torn by a kill is cut off", async () => {
  const file = join(dir, "restart.jsonl");
  const first = await startBench({ billingFile: file });
  await first.sdk.messages.create(ask("one"));
  await first.model.close();
  appendFileSync(file, '{"seq":2,"at":"20');
  const second = await startBench({ billingFile: file });
  await second.sdk.messages.create(ask("two"));
  expect(second.model.billing().map(({ seq }) => seq)).toEqual([1, 2]);
  await second.model.close();
  expect(
    readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as BillingRecord).seq),
  ).toEqual([1, 2]);
});

test("closing the server bills what is in flight", async () => {
  const file = join(dir, "closing.jsonl");
  const other = await startBench({ billingFile: file });
  await other.faults({ kind: "silent" });
  const call = other.sdk.messages.stream(ask("x"));
  const failed = expect(call.finalMessage()).rejects.toThrow();
  await new Promise((resolve) => call.once("streamEvent", resolve));
  await other.model.close();
  await failed;
  expect(readFileSync(file, "utf8")).toContain('"status":"aborted"');
});

test("server-side searches are run in the reply and billed by the piece", async () => {
  const tools = [
    { type: "web_search_20250305" as const, name: "web_search" as const, max_uses: 3 },
    CALCULATOR,
  ];
  const reply = await bench.sdk.messages.create(ask("What is the population of Earth?", { tools }));
  const types = reply.content.map(({ type }) => type);
  expect(types.slice(0, 3)).toEqual(["thinking", "server_tool_use", "web_search_tool_result"]);
  const searches = types.filter((type) => type === "server_tool_use").length;
  expect(reply.usage.server_tool_use?.web_search_requests).toBe(searches);
  const [record] = onDisk();
  expect(record).toMatchObject(billedAs(reply));
  expect(record?.costMicroUsd).toBeGreaterThan(10_000 * searches);
  expect(textOf(reply)).not.toBe("");
  const next = await bench.sdk.messages.create({
    ...ask("x", { tools }),
    messages: [
      { role: "user", content: "What is the population of Earth?" },
      { role: "assistant", content: reply.content },
      { role: "user", content: "Thanks!" },
    ],
  });
  expect(next.stop_reason).toBe("end_turn");
});

describe("the bill's arithmetic is its own and exact", () => {
  const usages: readonly Usage[] = [
    {
      inputTokens: 1,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 1,
      webSearchRequests: 0,
    },
    {
      inputTokens: 333,
      cacheReadTokens: 77_777,
      cacheWrite5mTokens: 1_001,
      cacheWrite1hTokens: 3,
      outputTokens: 4_097,
      webSearchRequests: 2,
    },
    {
      inputTokens: 100_000,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 10,
      webSearchRequests: 0,
    },
    {
      inputTokens: 60_000,
      cacheReadTokens: 40_001,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 10,
      webSearchRequests: 0,
    },
  ];
  test.each(Object.keys(MODELS))("%s: it agrees with the ledger's", (id) => {
    const model = servedModel(id);
    if (model === undefined) throw new Error(`no model ${id}`);
    for (const day of ["2026-10-01", "2026-11-21"]) {
      for (const usage of usages)
        expect(billedMicroUsd(usage, model, `${day}T08:00:00Z`)).toBe(
          costOf(usage, priceOn(model.spec, day)),
        );
    }
  });

  test("by hand: haiku 5.5 above 100,000 prompt tokens costs five times as much, on every token", () => {
    const model = servedModel("claude-haiku-5-5");
    if (model === undefined) throw new Error("no haiku");
    const at = "2026-11-21T00:00:00Z";
    const [, , band, over] = usages;
    expect(billedMicroUsd(band as Usage, model, at)).toBe(10_005);
    // 60,000 × 0.5 + 40,001 × 0.05 + 10 × 2.5 = 30,000 + 2,000.05 + 25, rounded up.
    expect(billedMicroUsd(over as Usage, model, at)).toBe(32_026);
  });
});
