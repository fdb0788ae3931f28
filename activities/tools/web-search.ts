// Looking things up, in one of two ways: the provider searches the web itself (`anthropicWebSearch`),
// or our own tool searches: the bundled corpus here, a search service in engine-search.ts. All have the name that the
// model knows: web_search.

import { z } from "zod";
import { specOf, type ModelTable } from "../../src/domain/model-table.ts";
import { priceOn, worstCase } from "../../src/domain/pricing.ts";
import type { ServerTool } from "../../src/domain/tool.ts";
import { defineTool } from "./define-tool.ts";
import { ToolError } from "./tool-error.ts";
import { bundledCorpus, type DatedFact } from "../../src/corpus/search-corpus.ts";

/** Each holds its price and its allowance of tokens; a model that wants more searches calls again. */
const SEARCHES_PER_CALL_MAX = 3;
/** Of what a run may cost: the rest is for the prompt, a reply, and the calls behind it. */
const SHARE_FOR_ONE = 0.5;
/** What a call holds for searches no run can spend to its end, so more than one must be little of its cap. */
const SHARE_FOR_MORE = 0.15;

const RESULTS_MAX = 5;
const WORDS_MAX = 40;

export const WEB_SEARCH = "web_search";

export const webSearchTool = defineTool({
  name: WEB_SEARCH,
  description:
    "Searches a small offline library of facts: populations, areas, countries, mountains, rivers, planets, physical constants, chemical elements, inventions, buildings, computing. " +
    "Returns up to five facts with source and date, best first. Search with a few keywords.",
  input: z.object({
    query: z.string().min(1).max(1000).describe("A few keywords, for example: population of Earth"),
  }),
  permission: "read",
  effect: "pure",
  execute: ({ query }) => answerFor(query),
});

function answerFor(query: string): string {
  if (query.trim() === "") {
    throw new ToolError("The query is empty: there is nothing to search for.", {
      suggestion: "Search with a few keywords.",
    });
  }
  const words = query.split(/\s+/).slice(0, WORDS_MAX).join(" ");
  const facts = bundledCorpus().search(words, RESULTS_MAX);
  if (facts.length > 0) return facts.map(lineOf).join("\n");
  return `Nothing found for ${JSON.stringify(query)} in the offline library. Try fewer or other keywords, in English; if that finds nothing either, say that you could not look it up.`;
}

function lineOf({ title, text, source, date }: DatedFact, index: number): string {
  return `${index + 1}. ${title} — ${text} (${source}, ${date})`;
}

/**
 * How many searches the calls of a run can hold, whichever of its models makes them; 0 where it can pay none.
 * A tool is part of what thinking is bound to, so this is settled once, and not by what is left at a call.
 */
export function searchesPerCall(
  table: ModelTable,
  costCapMicroUsd: number,
  models: readonly string[],
): number {
  const today = new Date().toISOString();
  const worst = models.map((model) => worstCase(priceOn(specOf(table, model), today), 0, 1));
  const dearest = Math.max(...worst.map(({ fixedMicroUsd }) => fixedMicroUsd));
  const cheap = Math.floor((costCapMicroUsd * SHARE_FOR_MORE) / dearest);
  const isPayable = dearest <= costCapMicroUsd * SHARE_FOR_ONE;
  return Math.min(SEARCHES_PER_CALL_MAX, Math.max(cheap, isPayable ? 1 : 0));
}

export interface AnthropicWebSearchOptions {
  /** Searches per model call; what each costs is part of the call's worst case. */
  readonly maxUses: number;
  readonly blockedDomains: readonly string[];
  /** Where given, nothing else is searched. */
  readonly allowedDomains?: readonly string[];
}

/** The API takes either a list of allowed or one of blocked domains: a block removes from the allowed. */
export function anthropicWebSearch({
  maxUses,
  blockedDomains,
  allowedDomains,
}: AnthropicWebSearchOptions): ServerTool {
  if (!Number.isSafeInteger(maxUses) || maxUses < 1) {
    throw new Error(`web search: maxUses must be a whole number above 0, not ${maxUses}`);
  }
  return {
    type: "web_search_20260318",
    name: "web_search",
    max_uses: maxUses,
    // Called from generated code it would be counted in a sandbox that Pawl does not offer.
    allowed_callers: ["direct"],
    ...domainFilter(blockedDomains, allowedDomains),
  };
}

function domainFilter(
  blocked: readonly string[],
  allowed: readonly string[] | undefined,
): Readonly<Record<string, readonly string[]>> {
  if (allowed === undefined) return blocked.length > 0 ? { blocked_domains: blocked } : {};
  const left = allowed.filter((domain) => !blocked.some((bad) => isWithin(domain, bad)));
  if (left.length === 0) {
    throw new Error("web search: every allowed domain is blocked as well; allow one that is not");
  }
  const holed = left.find((domain) => blocked.some((bad) => isWithin(bad, domain)));
  if (holed !== undefined) {
    throw new Error(
      `web search: ${holed} is allowed but a part of it is blocked, which the API can't express; allow its subdomains one by one`,
    );
  }
  return { allowed_domains: left };
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
