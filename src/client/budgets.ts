// What the operator does with shared caps: look, set, raise. A change holds from the next call on, and
// runs that wait because of the old cap are told to look again.

import { randomUUID } from "node:crypto";
import type { Client } from "@temporalio/client";
import { BUDGET_SCOPES, budgetKey, type BudgetName, type BudgetScope } from "../domain/budget.ts";
import { PawlError } from "../domain/errors.ts";
import { sessionName, tenantName } from "../domain/payer-names.ts";
import { present } from "../domain/present.ts";
import { createBudgets, type BudgetState } from "../store/budgets.ts";
import type { Database } from "../store/database.ts";
import type { Released } from "../store/ledger.ts";
import { wakeParked } from "./wake-parked.ts";

export interface BudgetShown extends Omit<BudgetState, "limit"> {
  readonly scope: BudgetScope;
  readonly tenant: string | null;
  readonly session: string | null;
  /** Cap − spent − held − feared; null where there is no cap. */
  readonly leftMicroUsd: number | null;
}

export interface BudgetsQuery {
  readonly tenant?: string;
  /** Of that tenant. */
  readonly session?: string;
}

/** An amount, no cap at all, or back to what holds without this budget. */
export type NewCap = { readonly microUsd: number } | "none" | "default";

export interface BudgetChanged {
  /** Null where a default was set, which is nobody's own. */
  readonly budget: BudgetShown | null;
  /** Runs that waited at this cap and look again now. */
  readonly woken: number;
}

export interface BudgetRaised {
  readonly name: BudgetName;
  readonly addedMicroUsd: number;
  /** The same id raises once. */
  readonly raiseId?: string;
}

export interface Treasury {
  readonly client: Client;
  readonly db: Database;
}

export async function listBudgets(
  { db }: Treasury,
  query: BudgetsQuery = {},
): Promise<readonly BudgetShown[]> {
  const budgets = createBudgets(db);
  const [named, charged] = await Promise.all([
    budgets.named(),
    query.tenant === undefined ? budgets.tenants() : [query.tenant],
  ]);
  const own = named.filter(({ tenant }) => query.tenant === undefined || tenant === query.tenant);
  const sessions = own.filter(({ session }) => session !== undefined);
  const tenants = new Set([...charged, ...own.flatMap(({ tenant }) => tenant ?? [])]);
  const names: BudgetName[] = [
    { scope: "global_day" },
    ...[...tenants].toSorted().flatMap((tenant): BudgetName[] => [
      { scope: "tenant_day", tenant },
      { scope: "tenant_month", tenant },
    ]),
    ...(isWhole({ scope: "session", ...query }) ? [{ scope: "session" as const, ...query }] : []),
    ...sessions.filter(({ session }) => session !== query.session),
  ];
  const states = await budgets.states(names);
  return names.flatMap((name, index) => shown(name, states[index]) ?? []);
}

export async function setBudget(
  treasury: Treasury,
  name: BudgetName,
  cap: NewCap,
): Promise<BudgetChanged> {
  const budgets = createBudgets(treasury.db);
  if (cap === "default") await budgets.unset(name);
  else await budgets.set(name, cap === "none" ? null : cap.microUsd);
  return await changed(treasury, name);
}

export async function raiseBudget(
  treasury: Treasury,
  { name, addedMicroUsd, raiseId = randomUUID() }: BudgetRaised,
): Promise<BudgetChanged> {
  if (!isWhole(name)) {
    throw new PawlError("USAGE", `A raise is for one ${WHOSE[name.scope]}: say which.`);
  }
  const isRaised = await createBudgets(treasury.db).raise({ raiseId, name, addedMicroUsd });
  if (!isRaised) {
    throw new PawlError("USAGE", `${budgetKey(name)} has no cap, so there is none to raise.`);
  }
  return await changed(treasury, name);
}

export interface FearedReleased {
  readonly name: BudgetName;
  /** Of this run alone. */
  readonly runId?: string;
  readonly by: string;
  readonly why: string;
}

/** What lost attempts may have cost is taken for nothing: in one account of this period. */
export async function releaseFeared(
  treasury: Treasury,
  release: FearedReleased,
): Promise<BudgetChanged & Released> {
  const { name } = release;
  if (!isWhole(name)) {
    throw new PawlError(
      "USAGE",
      `What is feared is released of one ${WHOSE[name.scope]}: say which.`,
    );
  }
  const released = await createBudgets(treasury.db).release(release);
  return { ...(await changed(treasury, name)), ...released };
}

async function changed(treasury: Treasury, name: BudgetName): Promise<BudgetChanged> {
  const { client, db } = treasury;
  const woken = await wakeParked(client, name);
  if (!isWhole(name)) return { budget: null, woken };
  const [state] = await createBudgets(db).states([name]);
  return { budget: shown(name, state), woken };
}

const WHOSE: Readonly<Record<BudgetScope, string>> = {
  session: "session of a tenant",
  tenant_day: "tenant",
  tenant_month: "tenant",
  global_day: "day",
};

/** True where it names one account, and not the default of many. */
function isWhole({ scope, tenant, session }: BudgetName): boolean {
  switch (scope) {
    case "session":
      return tenant !== undefined && session !== undefined;
    case "tenant_day":
    case "tenant_month":
      return tenant !== undefined;
    case "global_day":
      return true;
  }
}

function shown(
  { scope, tenant, session }: BudgetName,
  state: BudgetState | null | undefined,
): BudgetShown | null {
  if (state === null || state === undefined) return null;
  const { limit: _limit, ...rest } = state;
  const { capMicroUsd, spentMicroUsd, heldMicroUsd, fearedMicroUsd } = state;
  const usedMicroUsd = spentMicroUsd + heldMicroUsd + fearedMicroUsd;
  const leftMicroUsd = capMicroUsd === null ? null : capMicroUsd - usedMicroUsd;
  return { scope, tenant: tenant ?? null, session: session ?? null, ...rest, leftMicroUsd };
}

/** As accounts are named. Throws PawlError USAGE or UNKNOWN_TENANT for a name that no account can have. */
export function checkedName(name: BudgetName): BudgetName {
  const { scope, tenant, session } = name;
  const usage = (message: string): PawlError => new PawlError("USAGE", message);
  if (!BUDGET_SCOPES.includes(scope)) throw usage("There is no such budget.");
  if (scope === "global_day" && tenant !== undefined) throw usage("global_day is nobody's own.");
  if (scope !== "session" && session !== undefined) throw usage(`${scope} has no sessions.`);
  if (session !== undefined && tenant === undefined) throw usage("A session belongs to a tenant.");
  return { scope, ...ownNames({ tenant, session }) };
}

/** Whose budgets are asked for, as accounts are named. */
export function ownNames({
  tenant,
  session,
}: Partial<Record<"tenant" | "session", string | undefined>>): BudgetsQuery {
  return present({
    tenant: tenant === undefined ? undefined : tenantName(tenant),
    session: session === undefined ? undefined : sessionName(session),
  });
}
