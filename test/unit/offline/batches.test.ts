// The offline model's Message Batches, through the real SDK.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { MessageBatch } from "@anthropic-ai/sdk/resources/messages/batches";
import { ask, MODEL, startBench, textOf, until, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(() => bench.model.close());

const lane = (settings: object): Promise<unknown> => bench.admin("PUT", "/batches", settings);
const request = (customId: string, params: object = {}) => ({
  custom_id: customId,
  params: { ...ask("What is 6 * 7?"), ...params },
});
const batches = () => bench.sdkFor("run_1").messages.batches;

async function ended(id: string): Promise<MessageBatch> {
  return await until("the batch has ended", async () => {
    const batch = await batches().retrieve(id);
    return batch.processing_status === "ended" ? batch : undefined;
  });
}

async function resultsOf(id: string): Promise<Record<string, { type: string }>> {
  const results: Record<string, { type: string }> = {};
  for await (const line of await batches().results(id)) results[line.custom_id] = line.result;
  return results;
}

test("requests are answered after a while, each under its own id, at half the price of live calls", async () => {
  await lane({ delayMs: 100 });
  const { id, processing_status, request_counts, results_url } = await batches().create({
    requests: [request("a"), request("b", { messages: [{ role: "user", content: "Hello." }] })],
  });
  expect({ processing_status, results_url }).toEqual({
    processing_status: "in_progress",
    results_url: null,
  });
  expect(request_counts).toMatchObject({ processing: 2, succeeded: 0 });
  expect(bench.model.billing()).toEqual([]);
  const batch = await ended(id);
  expect(batch.request_counts).toMatchObject({ processing: 0, succeeded: 2 });
  const { a } = await resultsOf(id);
  if (a?.type !== "succeeded" || !("message" in a)) throw new Error("the request succeeded");

  const live = await bench.sdkFor("run_2").messages.create(ask("What is 6 * 7?"));
  expect(textOf(a.message as typeof live)).toBe(textOf(live));
  const [inBatch, , alone] = bench.model.billing();
  expect(inBatch).toMatchObject({
    runKey: "run_1",
    lane: "batch",
    inputTokens: alone?.inputTokens,
  });
  expect(inBatch?.outputTokens).toBe(alone?.outputTokens);
  expect(inBatch?.costMicroUsd).toBe(Math.ceil((alone?.costMicroUsd ?? 0) / 2));
});

test("a batch that was never heard of, or has not ended, gives no results", async () => {
  await expect(batches().retrieve("msgbatch_none")).rejects.toMatchObject({ status: 404 });
  await lane({ delayMs: 60_000 });
  const { id } = await batches().create({ requests: [request("a")] });
  const response = await fetch(`${bench.model.url}/v1/messages/batches/${id}/results`, {
    headers: { "x-api-key": "offline", "anthropic-version": "2023-06-01" },
  });
  expect(response.status).toBe(400);
});

test("batches are listed newest first, page by page", async () => {
  await lane({ delayMs: 60_000 });
  const made: string[] = [];
  for (const n of [1, 2, 3, 4, 5]) {
    made.push((await batches().create({ requests: [request(`r${n}`)] })).id);
  }
  const listed: string[] = [];
  for await (const { id } of batches().list({ limit: 2 })) listed.push(id);
  expect(listed).toEqual(made.toReversed());
});

describe("what is wrong", () => {
  test.each<[string, object]>([
    ["requests", {}],
    ["requests", { requests: [] }],
    ["custom_id", { requests: [{ ...request("a"), custom_id: "a b" }] }],
    ["unique", { requests: [request("a"), request("a")] }],
    ["params", { requests: [{ custom_id: "a" }] }],
    ["extra", { requests: [request("a")], extra: 1 }],
  ])("with the envelope is refused at once: %s", async (what, body) => {
    const created = batches().create(body as Parameters<ReturnType<typeof batches>["create"]>[0]);
    await expect(created).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(what),
    });
  });

  test("with a request stands among the results, and is free", async () => {
    await lane({ delayMs: 0 });
    const { id } = await batches().create({
      requests: [
        request("good"),
        request("unknown", { model: "claude-none" }),
        request("long", { max_tokens: 10_000_000 }),
        request("stream", { stream: true }),
        request("field", { temperatur: 1 }),
        request("none", { max_tokens: 0 }),
      ],
    });
    const batch = await ended(id);
    expect(batch.request_counts).toMatchObject({ succeeded: 1, errored: 5 });
    const { good, ...wrong } = await resultsOf(id);
    expect(good?.type).toBe("succeeded");
    expect(Object.values(wrong).map(({ type }) => type)).toEqual(Array(5).fill("errored"));
    expect(wrong["unknown"]).toMatchObject({
      error: { type: "error", error: { type: "not_found_error" } },
    });
    expect(bench.model.billing()).toHaveLength(1);
  });
});

describe("on order", () => {
  test.each(["errored", "expired"])("a request ends as %s, free", async (kind) => {
    await lane({ delayMs: 0, fates: [{ kind }] });
    const { id } = await batches().create({ requests: [request("a")] });
    await ended(id);
    expect(await resultsOf(id)).toMatchObject({ a: { type: kind } });
    expect(bench.model.billing()).toEqual([]);
  });

  test("a batch never ends, until it is cancelled, free", async () => {
    await lane({ delayMs: 0, fates: [{ kind: "never_ends" }] });
    const { id } = await batches().create({ requests: [request("a")] });
    const other = await batches().create({ requests: [request("b")] });
    await ended(other.id);
    expect((await batches().retrieve(id)).processing_status).toBe("in_progress");
    await batches().cancel(id);
    expect((await ended(id)).cancel_initiated_at).not.toBeNull();
    expect(await resultsOf(id)).toEqual({ a: { type: "canceled" } });
    expect(bench.model.billing()).toHaveLength(1);
  });

  test("a request that was begun is answered and billed although its batch is cancelled", async () => {
    await lane({ delayMs: 60_000, fates: [{ kind: "uncancellable" }] });
    const { id } = await batches().create({ requests: [request("a")] });
    await batches().cancel(id);
    expect(await resultsOf(id)).toMatchObject({ a: { type: "succeeded" } });
    expect(bench.model.billing()).toHaveLength(1);
    await batches().cancel(id);
    expect(bench.model.billing()).toHaveLength(1);
  });

  test("the submission is refused, or its answer is lost though the batch is made", async () => {
    await bench.faults(
      { kind: "rate_limit" },
      { kind: "reset_before_headers" },
      { kind: "answer_lost" },
    );
    const create = () => batches().create({ requests: [request("a")] });
    await expect(create()).rejects.toMatchObject({ status: 429 });
    await expect(create()).rejects.toThrow();
    expect((await batches().list()).data).toHaveLength(0);
    await expect(create()).rejects.toThrow();
    expect((await batches().list()).data).toHaveLength(1);
  });

  test("a reply goes wrong as a live one does", async () => {
    await lane({ delayMs: 0 });
    await bench.faults({ kind: "unknown_stop_reason", stopReason: "future" });
    const { id } = await batches().create({ requests: [request("a", { model: MODEL })] });
    await ended(id);
    expect(await resultsOf(id)).toMatchObject({ a: { message: { stop_reason: "future" } } });
  });
});
