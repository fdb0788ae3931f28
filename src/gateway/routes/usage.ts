// What a tenant has spent, and how its runs are doing.

import { z } from "@hono/zod-openapi";
import { DUTIES } from "../../domain/duty.ts";
import { spentOf, type Spent } from "../../store/spending.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import type { Gateway } from "../route-context.ts";
import { tenantFilter } from "../principal.ts";
import { shareAnswers } from "../shared-answers.ts";
import { usdOf } from "../../domain/money.ts";

const SPENT = z.strictObject({
  spentUsd: z.number(),
  heldUsd: z.number().openapi({ description: "Set aside for calls that are under way." }),
  fearedUsd: z.number().openapi({
    description: "What lost calls may have cost: it counts against the cap and is not spent.",
  }),
  capUsd: z.number().nullable(),
  runs: z.number(),
  resetsAt: z.string(),
});

const USAGE = z
  .strictObject({ tenant: z.string(), today: SPENT, month: SPENT })
  .openapi("TenantUsage");

const STATS = z
  .strictObject({
    active: z.number(),
    waiting: z.number(),
    paused: z.number(),
    endedLastDay: z.number(),
    errorRate: z.number().nullable(),
    avgDurationMs: z.number().nullable(),
    spentTodayUsd: z.number(),
    capTodayUsd: z.number().nullable(),
    backlog: z.number(),
    workers: z.number().openapi({ description: "Those that poll for runs." }),
    unserved: z
      .array(z.enum(DUTIES))
      .openapi({ description: "What no worker polls for: runs wait when they come to it." }),
  })
  .openapi("Stats");

type Stats = z.input<typeof STATS>;
type Seen = ReturnType<typeof tenantFilter>;

/** A page asks every four seconds. */
const STATS_LAST_MS = 3500;

export function addUsage(app: App): void {
  const shared = shareAnswers<Stats>(STATS_LAST_MS);
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/usage",
      operationId: "getUsage",
      summary: "What the tenant has spent today and this month (UTC)",
      scopes: ["runs:read"],
      answers: { 200: { description: "Spending.", schema: USAGE } },
      problems: ["LEDGER_UNAVAILABLE", "DATABASE_REFUSED"],
    },
    async ({ gateway, principal: { tenant } }) => {
      const { today, month } = await spentOf(gateway.db, tenant);
      return answer(200, {
        tenant,
        today: shown(today),
        month: shown(month),
      });
    },
  );
  addRoute(
    app,
    {
      method: "get",
      path: "/v1/stats",
      operationId: "getStats",
      summary: "How the runs are doing: what the page shows above its list",
      scopes: ["runs:read"],
      answers: { 200: { description: "Figures.", schema: STATS } },
      problems: ["LEDGER_UNAVAILABLE", "DATABASE_REFUSED"],
    },
    async ({ gateway, principal }) => {
      const { tenant } = principal;
      const seen = tenantFilter(principal);
      return answer(200, await shared.of([tenant, seen], () => statsOf(gateway, tenant, seen)));
    },
  );
}

async function statsOf(gateway: Gateway, tenant: string, seen: Seen): Promise<Stats> {
  const [counts, queue, { today }, ended] = await Promise.all([
    gateway.client.counts(seen),
    gateway.client.queue(),
    spentOf(gateway.db, tenant),
    endedLastDay(gateway, seen),
  ]);
  const { spentUsd, capUsd } = shown(today);
  const { running: active, waiting, paused } = counts;
  const money = { spentTodayUsd: spentUsd, capTodayUsd: capUsd };
  const { backlog, workers } = queue;
  const unserved = [...queue.unserved];
  return { active, waiting, paused, ...ended, ...money, backlog, workers, unserved };
}

const DAY_MS = 24 * 60 * 60 * 1000;

async function endedLastDay({ client }: Gateway, of: Seen) {
  const stats = await client.endedStats({ ...of, sinceMs: Date.now() - DAY_MS });
  if (stats === null) return { endedLastDay: 0, errorRate: null, avgDurationMs: null };
  const { ended, errorRate, durationMsAvg: avgDurationMs } = stats;
  return { endedLastDay: ended, errorRate, avgDurationMs };
}

function shown({
  spentMicroUsd,
  heldMicroUsd,
  fearedMicroUsd,
  capMicroUsd,
  runs,
  resetsAt,
}: Spent): z.input<typeof SPENT> {
  return {
    spentUsd: usdOf(spentMicroUsd),
    heldUsd: usdOf(heldMicroUsd),
    fearedUsd: usdOf(fearedMicroUsd),
    capUsd: usdOf(capMicroUsd),
    runs,
    resetsAt,
  };
}
