// `pawl cost`: what was used and what it cost, and what another routing would have cost.

import { Option, type Command } from "commander";
import type { UsageShown, UsageWithBudgets } from "../client/usage-shown.ts";
import { shownLine } from "../domain/shown-text.ts";
import type { UsageFigures } from "../store/usage-report.ts";
import { dayOf } from "../domain/budget.ts";
import { promptTokens } from "../domain/usage.ts";
import { formatUsd } from "../domain/money.ts";
import { present } from "../domain/present.ts";
import { withClient, type CliContext } from "./context.ts";
import { durationMs, positiveInteger } from "./option-values.ts";
import { exactUsd } from "./format.ts";
import { columns } from "./table.ts";
import { linesOf, reportOn, ROUTING_DEFAULT, whatIf, type WhatIf } from "./what-if.ts";

const BY = ["run", "session", "tenant", "agent", "model", "lane", "day"] as const;

interface CostFlags {
  readonly by: (typeof BY)[number];
  readonly since?: number;
  readonly tenant?: string;
  readonly limit?: number;
  readonly whatIf?: WhatIf | true;
  readonly json?: boolean;
}

export function addCost(program: Command, context: CliContext): void {
  program
    .command("cost")
    .description("what was used and what it cost")
    .addOption(new Option("--by <what>", "one row for each").choices(BY).default("day"))
    .option("--since <duration>", "only since then, such as 7d: whole days, UTC", durationMs)
    .option("--tenant <name>", "only this tenant's")
    .option("--limit <n>", "how many rows (50)", positiveInteger)
    .option(
      "--what-if [routing]",
      `reprice the replies: ${ROUTING_DEFAULT}, or simple<=8k,medium<=50k by prompt size`,
      whatIf,
    )
    .option("--json", "one row per line, the total last")
    .action(({ since, json, whatIf: asked, ...query }: CostFlags) =>
      withClient(context, async (client, config) => {
        const from = since === undefined ? {} : { since: new Date(Date.now() - since) };
        if (asked !== undefined) {
          const whose = present({ tenant: query.tenant });
          const calls = await client.recordedCalls({ ...whose, ...from });
          const routing = asked === true ? whatIf(ROUTING_DEFAULT) : asked;
          const report = reportOn(routing, calls, { ...config.models, day: dayOf(new Date()) });
          const lines = json === true ? [JSON.stringify(report)] : linesOf(report);
          for (const line of lines) context.stdout.write(`${line}\n`);
          return;
        }
        const used = await client.usage({ ...query, ...from });
        const lines = json === true ? jsonOf(used) : tableOf(used, query.by);
        for (const line of lines) context.stdout.write(`${line}\n`);
      }),
    );
}

function jsonOf({ rows, more, total }: UsageWithBudgets): readonly string[] {
  const lines = rows.map((row) => JSON.stringify({ type: "row", ...row }));
  return [...lines, JSON.stringify({ type: "total", more, ...total })];
}

const HEAD = ["runs", "calls", "attempts", "tokens in", "cached", "out", "cost", "feared"];
const FIGURES = [1, 2, 3, 4, 5, 6, 7, 8];

export function tableOf({ rows, more, total }: UsageWithBudgets, by: string): readonly string[] {
  const hasBudgets = rows.some(({ budget }) => budget !== null);
  const head = [by, ...HEAD, ...(hasBudgets ? ["cap", "left"] : [])];
  const table = columns(
    [
      head,
      ...rows.map((row) => [labelOf(row, by), ...figuresOf(row), ...budgetOf(row)]),
      ["total", ...figuresOf(total)],
    ],
    [...FIGURES, 9, 10],
  );
  return more === 0 ? table : [...table, `The total counts ${more} more: see --limit.`];
}

function labelOf({ name, tenant }: UsageShown, by: string): string {
  const label = shownLine(name);
  return by === "session" && tenant !== null ? `${shownLine(tenant)}/${label}` : label;
}

function figuresOf(figures: UsageFigures): readonly string[] {
  const { runs, calls, attempts, tokens, cacheRatio, spentMicroUsd, fearedMicroUsd } = figures;
  return [
    ...[runs, calls, attempts, promptTokens(tokens)].map(whole),
    cacheRatio === null ? "" : `${Math.floor(cacheRatio * 100)} %`,
    whole(tokens.outputTokens),
    // Counted, and nothing to pay for it.
    calls > 0 && spentMicroUsd + fearedMicroUsd === 0 ? "free" : exactUsd(spentMicroUsd),
    exactUsd(fearedMicroUsd),
  ];
}

function budgetOf({ budget }: UsageShown): readonly string[] {
  if (budget === null) return [];
  return [formatUsd(budget.capMicroUsd), exactUsd(budget.leftMicroUsd)];
}

function whole(n: number): string {
  return n.toLocaleString("en-US");
}
