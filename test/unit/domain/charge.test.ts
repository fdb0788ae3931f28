// What a reply is charged, whatever the provider says that it used.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { chargeFor, type Answered, type Bounds } from "../../../src/domain/charge.ts";
import { MODELS } from "../../../src/domain/prices.ts";
import { SHIPPED_MODELS, specOf } from "../../../src/domain/model-table.ts";
import { costOf, priceOn, worstCase, worstCaseMicroUsd } from "../../../src/domain/pricing.ts";
import { NO_USAGE, promptTokens, type Usage } from "../../../src/domain/usage.ts";
import { propertyRuns } from "../../support/tier.ts";

const DAY = "2026-11-26T12:00:00.000Z";
const SONNET = "claude-sonnet-5-5";
const HAIKU = "claude-haiku-5-5";

function boundsFor(more: Partial<Omit<Bounds, "heldMicroUsd">> = {}): Bounds {
  const asked = {
    models: SHIPPED_MODELS,
    model: SONNET,
    lane: "live" as const,
    promptTokensMax: 100_000,
    promptChars: 8000,
    replyTokensMax: 4096,
    webSearchesMax: 3,
    ...more,
  };
  const price = priceOn(specOf(asked.models, asked.model), DAY);
  const worst = worstCase(price, asked.promptTokensMax, asked.webSearchesMax, "5m");
  return { ...asked, heldMicroUsd: worstCaseMicroUsd(worst, asked.replyTokensMax) };
}

function answer(usage: Partial<Usage>, more: Partial<Answered> = {}): Answered {
  return {
    model: SONNET,
    usage: { ...NO_USAGE, inputTokens: 5000, outputTokens: 100, ...usage },
    message: { role: "assistant", content: [{ type: "text", text: "word ".repeat(80) }] },
    isRefusal: false,
    repliedAt: DAY,
    ...more,
  };
}

const EMPTY = { role: "assistant", content: [] } as const;

describe("P2: what is counted within the bounds of the request is charged to the micro-USD", () => {
  test.each<[string, Answered, number]>([
    ["as asked", answer({}), 11_000],
    ["by a dated snapshot", answer({}, { model: "claude-sonnet-5-5-20260928" }), 11_000],
    ["by a name that has no price", answer({}, { model: "my-gateway/best" }), 11_000],
    [
      "a refusal before any output",
      answer({ outputTokens: 0 }, { message: EMPTY, isRefusal: true }),
      0,
    ],
    ["searches", answer({ webSearchRequests: 2 }), 31_000],
  ])("%s", (_, answered, costMicroUsd) => {
    expect(chargeFor(boundsFor(), answered)).toEqual({
      costMicroUsd,
      usage: answered.usage,
      model: answered.model,
      basis: "counted",
      contradictions: [],
    });
  });

  test("for every model and any usage", () => {
    const models = fc.constantFrom(...Object.keys(MODELS));
    const slack = fc.record({ prompt: fc.nat(3000), reply: fc.nat(3000), searches: fc.nat(2) });
    const tokens = fc.oneof(fc.nat(3000), fc.nat(150_000));
    const used = fc.record({
      inputTokens: fc.integer({ min: 20, max: 150_000 }),
      cacheReadTokens: tokens,
      cacheWrite5mTokens: tokens,
      cacheWrite1hTokens: fc.constant(0),
      outputTokens: fc.integer({ min: 1, max: 64_000 }),
      webSearchRequests: fc.nat(3),
    });
    fc.assert(
      fc.property(models, used, slack, (model, usage, more) => {
        const bounds = boundsFor({
          model,
          promptTokensMax: promptTokens(usage) + more.prompt,
          replyTokensMax: usage.outputTokens + more.reply,
          webSearchesMax: usage.webSearchRequests + more.searches,
        });
        const charge = chargeFor(bounds, answer(usage, { model }));
        expect(charge).toMatchObject({ basis: "counted", contradictions: [], usage });
        expect(charge.costMicroUsd).toBe(
          costOf(usage, priceOn(specOf(SHIPPED_MODELS, model), DAY)),
        );
      }),
      { numRuns: propertyRuns(1000) },
    );
  });
});

describe("P1: nobody is charged more than the hold, nor believed beyond the request", () => {
  const counts = fc.oneof(fc.nat(10_000), fc.nat(), fc.maxSafeInteger().map(Math.abs));
  const usages: fc.Arbitrary<Usage> = fc.record({
    inputTokens: counts,
    cacheReadTokens: counts,
    cacheWrite5mTokens: counts,
    cacheWrite1hTokens: counts,
    outputTokens: counts,
    webSearchRequests: counts,
  });
  const names = fc.oneof(
    fc.constantFrom(...Object.keys(MODELS), "__proto__", "toString", ""),
    fc.string(),
  );

  test("whatever the provider says", () => {
    const said = fc.record({ usage: usages, model: names, isRefusal: fc.boolean() });
    const asked = fc.record({
      model: fc.constantFrom(...Object.keys(MODELS)),
      promptTokensMax: fc.nat(200_000),
      promptChars: fc.nat(200_000),
      replyTokensMax: fc.nat(8000),
      webSearchesMax: fc.nat(3),
    });
    const texts = fc.string({ maxLength: 3000 });
    fc.assert(
      fc.property(asked, said, texts, (request, { usage, ...more }, text) => {
        const bounds = boundsFor(request);
        const content = text === "" ? [] : [{ type: "text", text }];
        const message = { role: "assistant", content } as const;
        const charge = chargeFor(bounds, answer(usage, { ...more, message }));
        expect(charge.costMicroUsd).toBeLessThanOrEqual(bounds.heldMicroUsd);
        expect(promptTokens(charge.usage)).toBeLessThanOrEqual(
          bounds.promptTokensMax + bounds.webSearchesMax * 8000,
        );
        expect(charge.usage.outputTokens).toBeLessThanOrEqual(bounds.replyTokensMax);
        expect(charge.usage.webSearchRequests).toBeLessThanOrEqual(bounds.webSearchesMax);
        // Whoever is not believed is told why.
        if (charge.basis !== "counted") expect(charge.contradictions).not.toEqual([]);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });
});

describe("P3: each contradiction has a name, and costs the hold", () => {
  const held = boundsFor().heldMicroUsd;

  test.each<[string, Answered, string, RegExp]>([
    [
      "50,000,000 output tokens",
      answer({ outputTokens: 50_000_000 }),
      "implausible",
      /output tokens, where 4096/,
    ],
    [
      "one output token too many",
      answer({ outputTokens: 4097 }),
      "implausible",
      /4097 output tokens/,
    ],
    [
      "a prompt above the bound",
      answer({ inputTokens: 124_001 }),
      "implausible",
      /124001 prompt tokens/,
    ],
    [
      "a cached one",
      answer({ cacheReadTokens: 9_000_000 }),
      "implausible",
      /9005000 prompt tokens/,
    ],
    [
      "1,000,000 searches",
      answer({ webSearchRequests: 1_000_000 }),
      "implausible",
      /1000000 web searches, where 3/,
    ],
    [
      "no tokens for the prompt",
      answer({ inputTokens: 0 }),
      "uncounted",
      /no tokens for the prompt/,
    ],
    ["none for the reply", answer({ outputTokens: 0 }), "uncounted", /no tokens for the reply/],
    [
      "none for a call of a tool",
      answer(
        { outputTokens: 0 },
        {
          message: {
            role: "assistant",
            content: [{ type: "tool_use", id: "t", name: "n", input: {} }],
          },
        },
      ),
      "uncounted",
      /no tokens for the reply/,
    ],
    [
      "neither",
      answer({ inputTokens: 0, outputTokens: 0 }),
      "uncounted",
      /no tokens for the prompt/,
    ],
    [
      "one for 8,000 characters",
      answer({ inputTokens: 1 }),
      "implausible",
      /1 tokens for the prompt/,
    ],
  ])("%s", (_, answered, basis, name) => {
    const charge = chargeFor(boundsFor(), answered);
    expect(charge).toMatchObject({ costMicroUsd: held, basis });
    expect(charge.contradictions.join()).toMatch(name);
  });

  test.each([
    { inputTokens: -4, cacheReadTokens: 9 },
    { outputTokens: -1 },
    { webSearchRequests: -2 },
  ])("what is no count: %j", (usage) => {
    const charge = chargeFor(boundsFor(), answer(usage));
    expect(charge).toMatchObject({ costMicroUsd: held, basis: "implausible" });
    expect(charge.contradictions.join()).toMatch(/no count/);
    expect(Object.values(charge.usage).every((n) => n >= 0)).toBe(true);
  });

  test("another model is charged as the dearer of the two, and named", () => {
    const cheap = chargeFor(
      boundsFor(),
      answer({ inputTokens: 100_000, outputTokens: 4000 }, { model: HAIKU }),
    );
    expect(cheap).toMatchObject({ costMicroUsd: 240_000, basis: "counted", model: HAIKU });
    expect(cheap.contradictions).toEqual([`${HAIKU} answered, where ${SONNET} was asked`]);
    const asked = boundsFor({ model: HAIKU, promptTokensMax: 10_000, webSearchesMax: 0 });
    const dear = chargeFor(asked, answer({}, { model: SONNET }));
    expect(dear).toMatchObject({ costMicroUsd: asked.heldMicroUsd, basis: "implausible" });
  });

  test("an hour in the cache that was not asked for is not paid beyond the hold", () => {
    const bounds = boundsFor({ webSearchesMax: 0, replyTokensMax: 256 });
    const charge = chargeFor(bounds, answer({ inputTokens: 0, cacheWrite1hTokens: 100_000 }));
    expect(charge).toMatchObject({ costMicroUsd: bounds.heldMicroUsd, basis: "implausible" });
  });

  test.each([
    [4000, 10_000 + 40_000],
    [1, 10_000 + 10],
  ])(
    "a refusal that says nothing in %s tokens is paid, and named",
    (outputTokens, costMicroUsd) => {
      const refusal = answer({ outputTokens }, { message: EMPTY, isRefusal: true });
      const charge = chargeFor(boundsFor(), refusal);
      expect(charge).toMatchObject({ costMicroUsd, basis: "counted" });
      expect(charge.contradictions).toEqual([
        `${outputTokens} output tokens of a refusal that says nothing`,
      ]);
    },
  );

  test("and one that says why is paid as any reply", () => {
    const charge = chargeFor(boundsFor(), answer({}, { isRefusal: true }));
    expect(charge).toMatchObject({ costMicroUsd: 11_000, contradictions: [] });
  });

  test.each(["__proto__", "constructor", "", "\u001b[31m"])(
    "%j is not taken over as a name",
    (model) => {
      const charge = chargeFor(boundsFor(), answer({}, { model }));
      expect(charge).toMatchObject({ model: SONNET, costMicroUsd: 11_000 });
      expect(charge.contradictions).toEqual(["a model's name that is none"]);
    },
  );
});

test("what is not counted is taken as the most that it can have been: later bounds rest on it", () => {
  const { usage } = chargeFor(boundsFor(), answer({ inputTokens: 0, outputTokens: 0 }));
  expect(usage.inputTokens).toBe(124_000);
  // 400 characters, and what JSON and the API put around them.
  expect(usage.outputTokens).toBeGreaterThanOrEqual(400);
  expect(usage.outputTokens).toBeLessThan(500);
});
