// The operator's file of models (`models.json`): which there are besides those that ship with Pawl, what they hold
// and cost, and which one each tier means. Read once at the start, and every mistake in it is told with its place:
// a model that is priced wrongly is money that no cap sees. Prices are dollars per million tokens, as providers
// print them, and become integers here; nothing behind this file calculates with fractions of a micro-dollar.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { isModelName } from "./domain/model-name.ts";
import {
  modelSpec,
  overlaid,
  SHIPPED_MODELS,
  TIER_NAMES,
  type ModelTable,
} from "./domain/model-table.ts";
import { microUsdOf } from "./domain/money.ts";
import type { ModelSpec, Price } from "./domain/prices.ts";
import { badLineIn, utf8 } from "./domain/utf8.ts";

/** Most that the price of a whole context may come to and still be counted to the micro-dollar. */
const EXACT_MAX = Number.MAX_SAFE_INTEGER;
/** What a search may add, and the margins of bounds, beside the context itself. */
const TOKENS_BESIDE = 1_000_000;
/** Other servers say nothing of their caches: taken as Anthropic's. */
const CACHE_TOKENS_MIN = 1024;
/** What a chat template puts around tools. */
const TOOL_PROMPT_TOKENS_MAX = 800;
/** Smaller windows hold no instructions, tools and answer of any use. */
const CONTEXT_TOKENS_MIN = 1024;

const dollars = z
  .number("it is a number of dollars per million tokens")
  .min(0, "a price is not below 0")
  .refine((usd) => isWholeMicroUsd(usd), "a price has at most 6 decimals")
  .transform(microUsdOf);

const PRICE = z
  .strictObject({
    effectiveFrom: z.iso.date("it is a day such as 2026-11-26"),
    input: dollars,
    output: dollars,
    cacheWrite5m: dollars.optional(),
    cacheWrite1h: dollars.optional(),
    cacheRead: dollars.optional(),
  })
  .transform(({ cacheWrite5m, cacheWrite1h, cacheRead, ...price }): Price => {
    const { input } = price;
    return {
      ...price,
      cacheWrite5m: cacheWrite5m ?? input,
      cacheWrite1h: cacheWrite1h ?? cacheWrite5m ?? input,
      cacheRead: cacheRead ?? input,
    };
  });

const tokens = z.int("it is a whole number of tokens").positive("it is a whole number above 0");

const FIELDS = z.strictObject({
  contextTokens: tokens.min(
    CONTEXT_TOKENS_MIN,
    `a context has at least ${CONTEXT_TOKENS_MIN} tokens`,
  ),
  replyTokens: tokens,
  free: z.literal(true, "it is true, or left out").optional(),
  prices: z.array(PRICE).min(1, "there is at least one").optional(),
});

type Written = z.output<typeof FIELDS>;

const MODEL = FIELDS.superRefine((model, context) => {
  for (const message of wrongIn(model)) context.addIssue({ code: "custom", message });
}).transform(specIn);

const NAME = z.string().refine(isModelName, "it is no name of a model");

const FILE = z.strictObject({
  models: z.record(NAME, MODEL).default({}),
  tiers: z.partialRecord(z.enum(TIER_NAMES), z.string()).default({}),
});

const FREE: Price = {
  ...{ effectiveFrom: "1970-01-01", input: 0, output: 0 },
  ...{ cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0 },
};

/** Decimal fractions are none in binary, so what is nearest counts. */
function isWholeMicroUsd(usd: number): boolean {
  const microUsd = usd * 1_000_000;
  return Math.abs(microUsd - Math.round(microUsd)) < 1e-6 * Math.max(1, microUsd);
}

function wrongIn(model: Written): readonly string[] {
  const { contextTokens, replyTokens, free, prices = [] } = model;
  const days = prices.map(({ effectiveFrom }) => effectiveFrom);
  const worst = Math.max(0, ...prices.map(dearestOf)) * (contextTokens + TOKENS_BESIDE);
  return [
    ...(model.prices !== undefined && free === true ? ["it is free or has prices, not both"] : []),
    ...(model.prices === undefined && free !== true ? [NO_PRICE] : []),
    ...(replyTokens > contextTokens ? ["replyTokens is more than contextTokens"] : []),
    ...(new Set(days).size < days.length ? ["two prices begin on the same day"] : []),
    ...(worst > EXACT_MAX ? ["at such prices a whole context can't be counted exactly"] : []),
  ];
}

const NO_PRICE = 'it has no price: name its "prices", or say "free": true';

function dearestOf({ input, output, cacheWrite5m, cacheWrite1h, cacheRead }: Price): number {
  return Math.max(input, output, cacheWrite5m, cacheWrite1h, cacheRead);
}

function specIn({ contextTokens, replyTokens, prices }: Written): ModelSpec {
  return {
    contextTokens,
    replyTokensMax: replyTokens,
    cacheTokensMin: CACHE_TOKENS_MIN,
    toolPromptTokensMax: TOOL_PROMPT_TOKENS_MAX,
    prices: (prices ?? [FREE]).toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1)),
  };
}

export type ReadModels =
  | { readonly kind: "read"; readonly table: ModelTable }
  /** Each a sentence, with its place in the file. */
  | { readonly kind: "wrong"; readonly complaints: readonly string[] };

/** `path`: of the file, to be read and to be named where something is wrong with it. */
export function readModelsFile(path: string): ReadModels {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return { kind: "wrong", complaints: [`it names ${path}, which can't be read`] };
  }
  const text = utf8(bytes);
  if (text === null) {
    return { kind: "wrong", complaints: [`${path}:${badLineIn(bytes)}: it is not UTF-8`] };
  }
  const read = modelsIn(text);
  if (read.kind === "read") return read;
  return { kind: "wrong", complaints: read.complaints.map((complaint) => `${path}${complaint}`) };
}

/** Complaints begin behind the name of the file. */
export function modelsIn(text: string): ReadModels {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return { kind: "wrong", complaints: [`${lineIn(text, error)}: it is no JSON`] };
  }
  const parsed = FILE.safeParse(json);
  if (!parsed.success) {
    return { kind: "wrong", complaints: parsed.error.issues.map((issue) => complaintOf(issue)) };
  }
  const table = overlaid(SHIPPED_MODELS, parsed.data);
  const unpriced = Object.entries(parsed.data.tiers).filter(
    ([, id]) => modelSpec(table, id) === undefined,
  );
  if (unpriced.length === 0) return { kind: "read", table };
  return {
    kind: "wrong",
    complaints: unpriced.map(
      ([tier, id]) =>
        `: tiers.${tier} is ${id}, which is not among the models of this file and of Pawl`,
    ),
  };
}

function complaintOf({ path, message, ...issue }: z.core.$ZodIssue): string {
  const where = path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  const inner = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? message) : message;
  return `: ${where === "" ? "the file" : where.slice(1)}: ${inner}`;
}

/** Node tells the place of a mistake in words alone, and not of every one. */
function lineIn(text: string, error: unknown): string {
  const [, at] = /position (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
  const upTo = at === undefined ? text : text.slice(0, Number(at));
  return `:${upTo.split("\n").length}`;
}
