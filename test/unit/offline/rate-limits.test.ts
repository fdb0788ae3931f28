// The offline model's rate limits, heard through the port that runs hear them by.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { isTight, type RateLimits } from "../../../src/domain/rate-limits.ts";
import type { Usage } from "../../../src/domain/usage.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import { startBench, type Bench } from "./support.ts";

let bench: Bench;
let nowMs = Date.parse("2026-01-01T00:00:00Z");

beforeAll(async () => {
  bench = await startBench({ nowMs: () => nowMs });
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(() => bench.model.close());

const limit = (limits: object) => bench.admin("PUT", "/limits", limits);

async function call(): Promise<{ limits: RateLimits | null; usage: Usage }> {
  let limits: RateLimits | null = null;
  const listener = { ...DEAF, limits: (seen: RateLimits) => (limits = seen) };
  const { usage } = await aModel(bench.model.url).call(aRequest(), listener, NEVER);
  return { limits, usage };
}

test("where nobody asked for limits, none is ever used up", async () => {
  for (let n = 0; n < 3; n += 1) {
    const { limits } = await call();
    expect(limits).not.toBeNull();
    expect(isTight(limits ?? {})).toBe(false);
    expect(limits?.requests?.remaining).toBe(limits?.requests?.limit);
  }
});

test("each answer says what is left, and one too many is refused with its time", async () => {
  await limit({ requests: 3 });
  expect((await call()).limits?.requests).toEqual({ limit: 3, remaining: 2 });
  expect((await call()).limits?.requests).toEqual({ limit: 3, remaining: 1 });
  await call();
  const refused = await failureOf(call());
  expect(refused).toMatchObject({
    code: "PROVIDER_RATE_LIMITED",
    billing: "free",
    retryAfterMs: 20_000,
    limits: { requests: { limit: 3, remaining: 0 } },
  });
  nowMs += 20_000;
  expect((await call()).limits?.requests).toEqual({ limit: 3, remaining: 0 });
});

test("input counts when it is asked, output when it was written, and what the cache reads never", async () => {
  await limit({ inputTokens: 10_000, outputTokens: 5000 });
  const first = await call();
  const { inputTokens, cacheWrite5mTokens, outputTokens } = first.usage;
  expect(first.limits).toMatchObject({
    input: { limit: 10_000, remaining: 10_000 - inputTokens - cacheWrite5mTokens },
    output: { limit: 5000, remaining: 5000 },
  });
  const { limits } = await call();
  expect(limits?.output?.remaining).toBe(5000 - outputTokens);
});

test("limits can begin nearly used up, and end when the server is reset", async () => {
  await limit({ requests: 100, filled: 0.05 });
  expect((await call()).limits?.requests).toEqual({ limit: 100, remaining: 4 });
  await bench.admin("DELETE", "");
  expect((await call()).limits?.requests?.remaining).toBeGreaterThan(100);
});
