import { expect, test } from "@jest/globals";
import { salesReportTool } from "../../../examples/slow-report.ts";
import { contextFor } from "./support.ts";

const TOTALS: Readonly<Record<string, number>> = { north: 10, south: 20 };

const tool = salesReportTool({
  regions: async (year) => (year === 2025 ? Object.keys(TOTALS) : []),
  totalOf: async (region) => TOTALS[region] ?? 0,
});

test("the example says how far it has come, and returns what it added up", async () => {
  const said: [string, number | undefined][] = [];
  const progress = (text: string, share?: number): void => void said.push([text, share]);
  const { text } = await tool.run({ year: 2025 }, contextFor({ progress }));
  expect(JSON.parse(text)).toEqual(TOTALS);
  expect(said).toEqual([
    ["adding up north", 0],
    ["adding up south", 0.5],
  ]);
});

test("the example says what to do where there is nothing to add up", async () => {
  const output = await tool.run({ year: 2019 }, contextFor());
  expect(output).toMatchObject({ isError: true, effect: "none" });
  expect(JSON.parse(output.text)).toMatchObject({ suggestion: "Ask for another year." });
});
