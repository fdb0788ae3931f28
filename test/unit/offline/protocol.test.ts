import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { base, post, text, tools, user } from "./raw-request.ts";
import { ask, MODEL, startBench, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.model.close());

test("a request without a key is 401, a wrong key too where one is set", async () => {
  expect(await post(bench, base, { "anthropic-version": "2026-10-21" })).toMatchObject({
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
  expect(
    (await post(bench, base, { "x-api-key": "k", "anthropic-version": "2023-06-01" })).status,
  ).toBe(200);
});

test("a request without a version, or with an unknown one, is 400", async () => {
  expect((await post(bench, base, { authorization: "Bearer k" })).message).toContain(
    "anthropic-version",
  );
  expect(
    (await post(bench, base, { authorization: "Bearer k", "anthropic-version": "1999-01-01" }))
      .status,
  ).toBe(400);
});

test("a body that is no JSON is 400, one over 32 MB is 413", async () => {
  expect((await post(bench, "{nope")).status).toBe(400);
  const huge = { ...base, messages: [user(text("x".repeat(33 * 1024 * 1024)))] };
  expect(await post(bench, huge)).toMatchObject({ status: 413, type: "request_too_large" });
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
  const extra = await post(bench, { ...base }, undefined, "/v1/messages/count_tokens");
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
  expect((await post(bench, {}, undefined, "/v1/nope")).status).toBe(404);
  await expect(bench.faults({ kind: "gremlins" })).rejects.toThrow(/kind/);
  await expect(bench.script({ reply: { txt: "x" } })).rejects.toThrow(/txt/);
});
