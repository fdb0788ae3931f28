// Budgets: what lost calls may have cost is set free by whoever answers for the money.

import { z } from "@hono/zod-openapi";
import { BUDGET_SCOPES, type BudgetName } from "../../domain/budget.ts";
import { PawlError } from "../../domain/errors.ts";
import { usdOf } from "../../domain/money.ts";
import { present } from "../../domain/present.ts";
import { addRoute, answer, type App } from "../define-route.ts";
import { seesTenant, type Principal } from "../principal.ts";

const SCOPE_PATH = z.strictObject({
  scope: z.enum(BUDGET_SCOPES).openapi({ param: { name: "scope", in: "path" } }),
});

const RELEASE = z
  .strictObject({
    tenant: z.string().min(1).max(64).optional(),
    session: z.string().min(1).max(64).optional(),
    runId: z.string().min(1).max(200).optional().openapi({ description: "Of this run alone." }),
    why: z.string().min(1).max(2000),
  })
  .openapi("BudgetRelease");

const RELEASED = z
  .strictObject({
    calls: z.number(),
    releasedUsd: z.number(),
    spentUsd: z.number().nullable(),
    heldUsd: z.number().nullable(),
    fearedUsd: z.number().nullable(),
    capUsd: z.number().nullable(),
    woken: z.number().openapi({ description: "Runs that waited at this cap and look again." }),
  })
  .openapi("BudgetReleased");

export function addBudgets(app: App): void {
  addRoute(
    app,
    {
      method: "post",
      path: "/v1/budgets/{scope}/release",
      operationId: "releaseBudget",
      summary: "Take what lost calls may have cost for nothing, in the budget's present period",
      scopes: ["admin"],
      params: SCOPE_PATH,
      body: RELEASE,
      answers: { 200: { description: "Set free, and on record.", schema: RELEASED } },
      problems: ["FORBIDDEN", "LEDGER_UNAVAILABLE"],
    },
    async ({ params: { scope }, body: { runId, why, ...whose }, principal, gateway }) => {
      const name = nameOf(principal, { scope, ...present(whose) });
      const release = { name, by: principal.name, why, ...present({ runId }) };
      const { calls, fearedMicroUsd, budget, woken } = await gateway.client.releaseFeared(release);
      return answer(200, {
        calls,
        releasedUsd: usdOf(fearedMicroUsd),
        spentUsd: usdOf(budget?.spentMicroUsd ?? null),
        heldUsd: usdOf(budget?.heldMicroUsd ?? null),
        fearedUsd: usdOf(budget?.fearedMicroUsd ?? null),
        capUsd: usdOf(budget?.capMicroUsd ?? null),
        woken,
      });
    },
  );
}

/** A key answers for its tenant; what all share is for the person at this machine. */
function nameOf(principal: Principal, name: BudgetName): BudgetName {
  if (principal.kind === "local") return name;
  const tenant = name.tenant ?? principal.tenant;
  if (name.scope === "global_day" || !seesTenant(principal, tenant)) {
    throw new PawlError("FORBIDDEN", "This key answers for the budgets of its own tenant.");
  }
  return { ...name, tenant };
}
