// What costs nothing says so, wherever its cost would stand; and calls that nobody executed are no silence.

import { expect, test } from "@jest/globals";
import { summaryLines } from "../../../src/cli/format.ts";
import { tableOf as costTable } from "../../../src/cli/cost.ts";
import { tableOf as runTable } from "../../../src/cli/ls.ts";
import type { RunListed } from "../../../src/client/run-list.ts";
import type { UsageWithBudgets } from "../../../src/client/usage-shown.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { resultOf } from "../../support/fake-client.ts";

const FACTS = { capUsd: 1, link: null };
const ANSWERED = resultOf({ kind: "answered" });

test("the end of a run of a free model says that it is free, and nothing of a budget", () => {
  const lines = summaryLines({ ...ANSWERED, costUsd: 0, free: true }, FACTS);
  expect(lines).toContain("cost: free");
  expect(lines.join()).not.toContain("$");
  expect(summaryLines({ ...ANSWERED, costUsd: 0 }, FACTS)).toContain("cost $0 of $1.00");
});

test.each([
  [1, undefined, "1 tool call"],
  [1, 2, "3 tool calls (2 refused)"],
  [0, 1, "1 tool call (1 refused)"],
])("%s calls that were executed and %s that were not are %s", (toolCalls, refused, text) => {
  const counted = refused === undefined ? {} : { toolCallsRefused: refused };
  const [work] = summaryLines({ ...ANSWERED, toolCalls, ...counted }, FACTS);
  expect(work?.split(" · ")).toContain(text);
});

test("a row of what was used says free where calls were counted and nothing was paid or is feared", () => {
  const figures = { runs: 1, attempts: 2, cacheRatio: 0, tokens: { ...NO_USAGE, inputTokens: 5 } };
  const row = (name: string, calls: number, spentMicroUsd: number, fearedMicroUsd = 0) => ({
    ...{ ...figures, name, tenant: null, budget: null, calls, spentMicroUsd, fearedMicroUsd },
  });
  const rows = [row("qwen", 2, 0), row("paid", 2, 7), row("lost", 2, 0, 9), row("none", 0, 0)];
  const used = { rows, more: 0, total: row("", 6, 7, 9) } as unknown as UsageWithBudgets;
  const free = costTable(used, "model").filter((line) => line.includes("free"));
  expect(free).toEqual([expect.stringMatching(/^qwen /)]);
});

test("a list of runs says free of one that was answered for nothing", () => {
  const run: RunListed = {
    ...{ runId: "run_1", status: "ended" as const, outcome: "answered", task: "t", agent: "a" },
    ...{
      tenant: "t",
      session: "s",
      costUsd: 0,
      turns: 1,
      startedAt: "2026-11-26T12:00:00Z",
      endedAt: null,
    },
  };
  const now = Date.parse("2026-11-26T12:01:00Z");
  expect(runTable([{ ...run, free: true }], now).at(-1)).toMatch(/ free /);
  expect(runTable([run], now).at(-1)).toMatch(/ \$0 /);
});
