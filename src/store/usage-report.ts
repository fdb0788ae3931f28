// What was used and what it cost, exact to the micro-dollar at any time: from roll-ups, what is not yet in them,
// and open calls (sql/functions/usage.sql). No figure reads the calls themselves.

import { dayOf } from "../domain/budget.ts";
import { promptTokens, type Usage } from "../domain/usage.ts";
import type { Database } from "./database.ts";

export const USAGE_BY = ["run", "session", "tenant", "agent", "model", "lane", "day"] as const;

export type UsageBy = (typeof USAGE_BY)[number];

export interface UsageQuery {
  readonly by: UsageBy;
  readonly tenant?: string;
  /** From the beginning of that day, UTC. Runs and sessions are shown whole if they made a call since then. */
  readonly since?: Date;
  /** The dearest come first; `total` counts all of them. */
  readonly limit?: number;
}

export interface UsageFigures {
  /** A run counts where its first call does: on its day, with its model. */
  readonly runs: number;
  /** Replies received. */
  readonly calls: number;
  /** Requests sent. */
  readonly attempts: number;
  /** Of the replies. What a lost attempt used nobody knows. */
  readonly tokens: Usage;
  readonly spentMicroUsd: number;
  /** What lost attempts may have cost at most: it counts against caps, and is not spent. */
  readonly fearedMicroUsd: number;
  /** Set aside for attempts that are under way. */
  readonly heldMicroUsd: number;
  /** The part of all prompt tokens that was read from the cache; null where there was no prompt. */
  readonly cacheRatio: number | null;
}

export interface UsageRow extends UsageFigures {
  /** The run, session, …, `live` or `batch`, or the day as `YYYY-MM-DD`. */
  readonly name: string;
  /** Of a run, a session and a tenant. */
  readonly tenant: string | null;
}

export interface UsageReport {
  readonly rows: readonly UsageRow[];
  /** Rows that the limit left out. */
  readonly more: number;
  /** All that was used from that day on, which is the same however it is grouped. */
  readonly total: UsageFigures;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 10_000;

type Stored<T extends UsageFigures> = Omit<T, "cacheRatio">;

interface StoredReport {
  readonly groups: number;
  readonly rows: readonly Stored<UsageRow>[];
  /** Without a name. */
  readonly total: Stored<UsageRow>;
}

/** One statement, so that the rows and their total are of one moment. */
export async function readUsage(db: Database, query: UsageQuery): Promise<UsageReport> {
  const rowsMax = Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX);
  const { whose, from } = asked(query);
  const [answer] = await db<{ report: StoredReport }>`
    select pawl.usage_report(${query.by}, ${whose}, ${from}, ${rowsMax}) as report`;
  if (answer === undefined) throw new Error("a report is one row");
  const { groups, rows, total } = answer.report;
  const { name: _name, tenant: _tenant, ...sum } = total;
  return { rows: rows.map(withCacheRatio), more: groups - rows.length, total: withCacheRatio(sum) };
}

function withCacheRatio<T extends Stored<UsageFigures>>(
  figures: T,
): T & Pick<UsageFigures, "cacheRatio"> {
  const prompt = promptTokens(figures.tokens);
  return { ...figures, cacheRatio: prompt === 0 ? null : figures.tokens.cacheReadTokens / prompt };
}

/** Replies of one model to prompts of about the same length. */
export interface RecordedCalls {
  readonly model: string;
  /** No prompt was longer. */
  readonly promptTokensMax: number;
  /** Of all of them. */
  readonly tokens: Usage;
  readonly count: number;
  readonly paidMicroUsd: number;
}

/** Every reply that was paid for. */
export async function readCalls(
  db: Database,
  query: Pick<UsageQuery, "tenant" | "since">,
): Promise<readonly RecordedCalls[]> {
  const { whose, from } = asked(query);
  return await db<RecordedCalls>`
    select model, band as "promptTokensMax", tokens, calls as count, paid as "paidMicroUsd"
    from pawl.usage_by_band(${whose}, ${from})`;
}

function asked({ tenant, since }: Pick<UsageQuery, "tenant" | "since">) {
  return { whose: tenant ?? null, from: since === undefined ? null : dayOf(since) };
}
