// `pawl cost --what-if`: recorded calls at the prices of another routing, and the example that routing
// is often explained with, at its own prices and at today's.

import { InvalidArgumentError } from "commander";
import type { ModelTable } from "../domain/model-table.ts";
import type { RecordedCalls } from "../store/usage-report.ts";
import {
  ALL_MEDIUM,
  costUnder,
  EXAMPLE,
  parseRouting,
  PROMPT_BANDS,
  savedPercent,
  tierPrices,
  type CallsOfOneSize,
  type PriceByTier,
  type Routing,
} from "../domain/what-if.ts";
import { count, exactUsd } from "./format.ts";
import { columns } from "./table.ts";

/** A routing and how it was asked for. */
export interface WhatIf {
  readonly text: string;
  readonly routing: Routing;
}

export const ROUTING_DEFAULT = "70%simple";

export function whatIf(text: string): WhatIf {
  const routing = parseRouting(text);
  if (routing !== null) return { text, routing };
  throw new InvalidArgumentError(
    "a routing looks like 70%simple, 60%simple,10%complex or simple<=8k,medium<=50k.",
  );
}

interface Comparison {
  readonly allMediumMicroUsd: number;
  readonly routedMicroUsd: number;
  readonly savedPercent: number;
}

export interface WhatIfReport {
  readonly routing: string;
  readonly calls: number;
  /** What the replies did cost. */
  readonly paidMicroUsd: number;
  readonly recorded: Comparison;
  readonly example: Comparison;
  readonly exampleToday: Comparison;
  readonly pricesOf: string;
  readonly withinBands: readonly { readonly asked: number; readonly counted: number }[];
}

export function reportOn(
  { text, routing }: WhatIf,
  recorded: readonly RecordedCalls[],
  { table, day }: { readonly table: ModelTable; readonly day: string },
): WhatIfReport {
  const prices = tierPrices(table, day);
  const compared = (calls: readonly CallsOfOneSize[], at: PriceByTier): Comparison => {
    const allMediumMicroUsd = costUnder(ALL_MEDIUM, calls, at);
    const routedMicroUsd = costUnder(routing, calls, at);
    const percent = savedPercent(allMediumMicroUsd, routedMicroUsd);
    return { allMediumMicroUsd, routedMicroUsd, savedPercent: percent };
  };
  return {
    routing: text,
    calls: recorded.reduce((sum, calls) => sum + calls.count, 0),
    paidMicroUsd: recorded.reduce((sum, { paidMicroUsd }) => sum + paidMicroUsd, 0),
    recorded: compared(recorded, prices),
    example: compared(EXAMPLE.calls, EXAMPLE.prices),
    exampleToday: compared(EXAMPLE.calls, prices),
    pricesOf: day,
    withinBands: withinBands(routing),
  };
}

export function linesOf(report: WhatIfReport): readonly string[] {
  const { routing, calls, paidMicroUsd, pricesOf } = report;
  const row = (label: string, compared: Comparison) => [
    label,
    exactUsd(compared.allMediumMicroUsd),
    exactUsd(compared.routedMicroUsd),
    `${compared.savedPercent} %`,
  ];
  const table = columns(
    [
      ["", "all medium", routing, "saved"],
      row(`recorded: ${count(calls, "call")}, prices of ${pricesOf}`, report.recorded),
      row("example: 100 tasks of 10k in, 2k out, its own prices", report.example),
      row(`example at the prices of ${pricesOf}`, report.exampleToday),
    ],
    [1, 2, 3],
  );
  return [
    ...table,
    `The recorded calls did cost ${exactUsd(paidMicroUsd)}. Repriced with the same tokens, cached ones included; lost attempts are left out.`,
    ...report.withinBands.map(
      ({ asked, counted }) =>
        `Prompts are known by bands of their length: up to ${asked.toLocaleString("en-US")} counts as up to ${counted.toLocaleString("en-US")} tokens.`,
    ),
  ];
}

/** Limits of a routing that lie within a band, and where they take effect. */
function withinBands(routing: Routing): WhatIfReport["withinBands"] {
  if (routing.kind === "shares") return [];
  return routing.steps.flatMap(({ promptTokensMax: asked }) => {
    const counted = PROMPT_BANDS.findLast((end) => end <= asked) ?? 0;
    return counted === asked ? [] : [{ asked, counted }];
  });
}
