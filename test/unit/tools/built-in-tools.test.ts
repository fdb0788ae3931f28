import { SHIPPED_MODELS } from "../../../src/domain/model-table.ts";
import { expect, test } from "@jest/globals";
import { builtInTools } from "../../../activities/tools/index.ts";
import { readResultTool } from "../../../activities/tools/read-result.ts";
import {
  anthropicWebSearch,
  searchesPerCall,
  webSearchTool,
} from "../../../activities/tools/web-search.ts";
import { toolOutput, withReadOn } from "../../../activities/tools/tool-output.ts";
import { contextFor } from "./support.ts";

test("every built-in tool has a name of its own and tells the model what it takes", () => {
  expect(builtInTools.map(({ spec }) => spec.name)).toEqual([
    "calculator",
    "web_search",
    "read_result",
    "write_file",
    "read_file",
    "list_files",
    "edit_file",
  ]);
  for (const tool of builtInTools) {
    expect(tool.spec.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    expect(tool.spec.inputSchema).not.toHaveProperty("$schema");
    expect(JSON.parse(JSON.stringify(tool.spec))).toEqual(tool.spec);
  }
});

test("a search answers with numbered facts, their source and date", async () => {
  const { text, isError } = await webSearchTool.run({ query: "population of Earth" }, contextFor());
  expect(isError).toBe(false);
  const lines = text.split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(
    "1. Population of Earth — The population of Earth is about 8.1 billion people. It passed 8 billion in November 2022. (UN World Population Prospects, 2024)",
  );
});

test("a search that finds nothing says so and what to do", async () => {
  const { text, isError } = await webSearchTool.run({ query: "Zorblax" }, contextFor());
  expect(isError).toBe(false);
  expect(text).toMatch(/^Nothing found for "Zorblax".*other keywords/s);
});

test("the provider's search gets one list of domains, blocked ones removed", () => {
  const common = { type: "web_search_20260318", name: "web_search", max_uses: 3 };
  const search = (blockedDomains: string[], allowedDomains?: string[]) =>
    anthropicWebSearch({
      maxUses: 3,
      blockedDomains,
      ...(allowedDomains === undefined ? {} : { allowedDomains }),
    });
  expect(search([])).toEqual({ ...common, allowed_callers: ["direct"] });
  expect(search(["bad.example"])).toMatchObject({ ...common, blocked_domains: ["bad.example"] });
  const both = search(["bad.example"], ["a.example", "sub.bad.example"]);
  expect(both).toMatchObject({ allowed_domains: ["a.example"] });
  expect(both).not.toHaveProperty("blocked_domains");
  expect(() => search(["a.example"], ["a.example"])).toThrow(/every allowed domain is blocked/);
  expect(() => search(["x.a.example"], ["a.example"])).toThrow(/can't express/);
  expect(() => anthropicWebSearch({ maxUses: 0, blockedDomains: [] })).toThrow(/maxUses/);
});

test.each([
  ["three where money is no matter", 1_000_000, ["claude-sonnet-5-5"], 3],
  ["two where a third would be too much of the cap", 600_000, ["claude-sonnet-5-5"], 2],
  ["one where it can be paid at all", 100_000, ["claude-sonnet-5-5"], 1],
  ["by the dearest model that may be asked", 600_000, ["claude-sonnet-5-5", "claude-opus-5-5"], 1],
  ["none where half of the cap can't pay one", 50_000, ["claude-sonnet-5-5"], 0],
])("searches of the provider in one call: %s", (_, capMicroUsd, models, expected) => {
  expect(searchesPerCall(SHIPPED_MODELS, capMicroUsd, models)).toBe(expected);
});

const reading = (kept: Readonly<Record<string, string>>) =>
  contextFor({
    artefacts: {
      read: async (ref, offset, length) => kept[ref]?.slice(offset, offset + length) ?? null,
    },
  });

test("a cut result can be read to its end, piece by piece, with nothing lost", async () => {
  const full = "Übergröße 😀 語\n".repeat(20_000);
  const output = toolOutput(full);
  const seen = withReadOn(output, "ref-1");
  const cutAt = seen.lastIndexOf("\n[cut here");
  let text = seen.slice(0, cutAt);
  let next: { id: string; offset: number } | null = JSON.parse(
    /read_result (\{.*\})/.exec(seen)?.[1] ?? "null",
  );
  while (next !== null) {
    const piece = (await readResultTool.run(next, reading({ "ref-1": full }))).text;
    const noteAt = piece.lastIndexOf("\n[characters");
    expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(33 * 1024);
    text += piece.slice(0, noteAt);
    next = JSON.parse(/read on with (\{.*\})\]$/.exec(piece)?.[1] ?? "null");
  }
  expect(text).toBe(full);
});

test("reading behind the end, or what is not there, is answered and not thrown", async () => {
  const context = reading({ "ref-1": "short" });
  const run = async (raw: unknown, given = context) => await readResultTool.run(raw, given);
  expect((await run({ id: "ref-1", offset: 99 })).text).toContain("nothing at offset 99");
  expect(await run({ id: "ref-2" })).toMatchObject({
    isError: true,
    text: expect.stringContaining("no kept result"),
  });
  expect(await run({ id: "ref-1" }, contextFor())).toMatchObject({ isError: true });
  expect(await run({ id: "ref-1", offset: -1 })).toMatchObject({ isError: true });
  expect(await run({ id: "ref-1", length: 1e9 })).toMatchObject({ isError: true });
});
