import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readConfig } from "../../src/config.ts";
import {
  isFreeModel,
  modelSpec,
  pinnedModels,
  SHIPPED_MODELS,
  type ModelTable,
} from "../../src/domain/model-table.ts";
import { costOf, priceOn, worstCase, worstCaseMicroUsd } from "../../src/domain/pricing.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";
import { modelsIn } from "../../src/models-file.ts";
import { propertyRuns } from "../support/tier.ts";

const QWEN = { contextTokens: 16_384, replyTokens: 4096, free: true };
const PRICED = {
  contextTokens: 128_000,
  replyTokens: 8192,
  prices: [
    { effectiveFrom: "2026-01-01", input: 0.25, output: 1.5 },
    { effectiveFrom: "2026-10-01", input: 0.2, output: 1.25, cacheRead: 0.02 },
  ],
};

function read(file: unknown): ModelTable {
  const found = modelsIn(JSON.stringify(file));
  if (found.kind === "wrong") throw new Error(found.complaints.join("; "));
  return found.table;
}

function complaints(text: string): string {
  const found = modelsIn(text);
  return found.kind === "wrong" ? found.complaints.join("; ") : "";
}

const dir = mkdtempSync(join(tmpdir(), "pawl-models-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe("a file of models", () => {
  test("adds models to those that ship with Pawl, and says what each tier means", () => {
    const table = read({ models: { "qwen2.5-coder": QWEN }, tiers: { medium: "qwen2.5-coder" } });
    expect(table.tiers).toEqual({ ...SHIPPED_MODELS.tiers, medium: "qwen2.5-coder" });
    expect(modelSpec(table, "qwen2.5-coder")).toMatchObject({
      contextTokens: 16_384,
      replyTokensMax: 4096,
    });
    expect(modelSpec(table, "claude-sonnet-5-5")).toBe(
      modelSpec(SHIPPED_MODELS, "claude-sonnet-5-5"),
    );
  });

  test("holds before the shipped table, for a price that is newer than this version", () => {
    const table = read({ models: { "claude-sonnet-5-5": PRICED } });
    const spec = modelSpec(table, "claude-sonnet-5-5")!;
    expect(priceOn(spec, "2026-11-26").input).toBe(200_000);
  });

  test("prices by day whatever their order, and a cache that has no price at the price of input", () => {
    const spec = modelSpec(read({ models: { m: PRICED } }), "m")!;
    expect(priceOn(spec, "2026-09-30")).toMatchObject({ input: 250_000, cacheRead: 250_000 });
    expect(priceOn(spec, "2026-10-01")).toMatchObject({
      ...{ input: 200_000, output: 1_250_000 },
      ...{ cacheRead: 20_000, cacheWrite5m: 200_000, cacheWrite1h: 200_000 },
    });
  });

  test("is read from where PAWL_MODELS_FILE says, at the start", () => {
    const path = join(dir, "models.json");
    writeFileSync(path, JSON.stringify({ models: { "qwen:0.5b": QWEN } }));
    const { table } = readConfig({ PAWL_MODELS_FILE: path }).models;
    expect(isFreeModel(modelSpec(table, "qwen:0.5b"))).toBe(true);
    expect(readConfig({}).models.table).toBe(SHIPPED_MODELS);
  });

  test("that is wrong keeps everything from starting, and is named with the place", () => {
    const path = join(dir, "wrong.json");
    writeFileSync(
      path,
      JSON.stringify({ models: { a: { contextTokens: 8192, replyTokens: 512 } } }),
    );
    expect(() => readConfig({ PAWL_MODELS_FILE: path })).toThrow(
      `PAWL_MODELS_FILE: ${path}: models.a: it has no price`,
    );
    const none = join(dir, "none.json");
    expect(() => readConfig({ PAWL_MODELS_FILE: none })).toThrow(`${none}, which can't be read`);
  });

  test.each([
    ["no JSON, by its line", '{\n"models": {\n,}}', /:\d+: it is no JSON/],
    [
      "a field that is none",
      { models: { a: { ...QWEN, contexTokens: 1 } } },
      /models\.a: .*contexTokens/,
    ],
    ["a list in place of models", { models: [] }, /^: models: /],
    ["a name that is none", { models: { "a b": QWEN } }, /models\.a b: it is no name of a model/],
    ["a name that every object has", '{"models": {"constructor": {}}}', /no name of a model/],
    ["free and priced", { models: { a: { ...PRICED, free: true } } }, /not both/],
    [
      "a price below 0",
      {
        models: {
          a: { ...PRICED, prices: [{ effectiveFrom: "2026-01-01", input: -1, output: 1 }] },
        },
      },
      /prices\[0\]\.input: a price is not below 0/,
    ],
    [
      "a price as text",
      {
        models: {
          a: { ...PRICED, prices: [{ effectiveFrom: "2026-01-01", input: "1", output: 1 }] },
        },
      },
      /input: it is a number of dollars/,
    ],
    [
      "a price finer than a micro-dollar",
      {
        models: {
          a: { ...PRICED, prices: [{ effectiveFrom: "2026-01-01", input: 1e-7, output: 1 }] },
        },
      },
      /at most 6 decimals/,
    ],
    [
      "a day that is none",
      {
        models: {
          a: { ...PRICED, prices: [{ effectiveFrom: "2026-02-30", input: 1, output: 1 }] },
        },
      },
      /effectiveFrom: it is a day/,
    ],
    [
      "two prices of one day",
      { models: { a: { ...PRICED, prices: [PRICED.prices[0], PRICED.prices[0]] } } },
      /two prices begin on the same day/,
    ],
    [
      "a reply longer than its context",
      { models: { a: { ...QWEN, replyTokens: 20_000 } } },
      /replyTokens is more than contextTokens/,
    ],
    [
      "a context of nothing",
      { models: { a: { ...QWEN, contextTokens: 100 } } },
      /contextTokens: a context has at least 1024/,
    ],
    [
      "sums that can't be exact",
      {
        models: {
          a: {
            contextTokens: 9_000_000,
            replyTokens: 1000,
            prices: [{ effectiveFrom: "2026-01-01", input: 100_000, output: 1 }],
          },
        },
      },
      /can't be counted exactly/,
    ],
    ["a tier that is none", { tiers: { large: "claude-opus-5-5" } }, /tiers/],
    [
      "a tier of a model that nobody has",
      { tiers: { simple: "gpt-9" } },
      /tiers\.simple is gpt-9, which is not among/,
    ],
  ])("is refused for %s", (_, file, said) => {
    expect(complaints(typeof file === "string" ? file : JSON.stringify(file))).toMatch(said);
  });
});

test("a run keeps of its models those that come from a file, and no others", () => {
  const table = read({ models: { mine: QWEN, other: PRICED } });
  expect(pinnedModels(table, ["mine", "claude-opus-5-5", "mine"])).toEqual({
    mine: modelSpec(table, "mine"),
  });
  expect(pinnedModels(table, ["claude-opus-5-5", "nobody"])).toBeUndefined();
});

describe("money of models from a file", () => {
  const price = fc.integer({ min: 0, max: 1_000_000_000 }).map((microUsd) => microUsd / 1_000_000);
  const count = fc.integer({ min: 0, max: 4_000_000 });
  const rates = fc.record({
    ...{ input: price, output: price, cacheRead: price },
    ...{ cacheWrite5m: price, cacheWrite1h: price },
  });

  test("is whole micro-dollars, exact, and never above its worst case, at every price", () => {
    fc.assert(
      fc.property(rates, count, count, count, (written, prompt, cached, reply) => {
        const contextTokens = Math.max(1024, prompt + cached + reply);
        const prices = [{ effectiveFrom: "2026-01-01", ...written }];
        const found = modelsIn(
          JSON.stringify({ models: { m: { contextTokens, replyTokens: contextTokens, prices } } }),
        );
        if (found.kind === "wrong") return expect(found.complaints[0]).toMatch(/can't be counted/);
        const at = priceOn(modelSpec(found.table, "m")!, "2026-11-26");
        const usage = {
          ...NO_USAGE,
          inputTokens: prompt,
          cacheReadTokens: cached,
          outputTokens: reply,
        };
        const big = (usd: number): bigint => BigInt(Math.round(usd * 1_000_000));
        const exact =
          BigInt(prompt) * big(written.input) +
          BigInt(cached) * big(written.cacheRead) +
          BigInt(reply) * big(written.output);
        const expected = (exact + 999_999n) / 1_000_000n;
        const cost = costOf(usage, at);
        expect(Number.isSafeInteger(cost)).toBe(true);
        expect(BigInt(cost)).toBe(expected);
        const worst = worstCase(at, prompt + cached, 0);
        expect(cost).toBeLessThanOrEqual(worstCaseMicroUsd(worst, reply));
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  test("is none where the model is free, whatever is counted", () => {
    const spec = modelSpec(read({ models: { mine: QWEN } }), "mine")!;
    fc.assert(
      fc.property(count, count, (prompt, reply) => {
        const at = priceOn(spec, "1999-01-01");
        expect(costOf({ ...NO_USAGE, inputTokens: prompt, outputTokens: reply }, at)).toBe(0);
        expect(worstCaseMicroUsd(worstCase(at, prompt, 0), reply)).toBe(0);
      }),
      { numRuns: propertyRuns(100) },
    );
    expect(isFreeModel(spec)).toBe(true);
    expect(isFreeModel(modelSpec(SHIPPED_MODELS, "claude-haiku-5-5"))).toBe(false);
    expect(isFreeModel(undefined)).toBe(false);
  });
});
