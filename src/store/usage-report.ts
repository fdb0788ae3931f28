// What was used and what it cost, from the ledger's calls and open holds: exact to the micro-dollar, since these
// rows are what was charged. The balances of the accounts are the sums over the same rows.

import { promptTokens, type Usage } from "../domain/usage.ts";
import type { Database } from "./database.ts";

export const USAGE_BY = ["run", "session", "tenant", "agent", "model", "lane", "day"] as const;

export type UsageBy = (typeof USAGE_BY)[number];

export interface UsageQuery {
  readonly by: UsageBy;
  readonly tenant?: string;
  /** From the beginning of that day (UTC). */
  readonly since?: Date;
  /** The dearest come first; `total` counts all of them. */
  readonly limit?: number;
}

export interface UsageFigures {
  readonly runs: number;
  /** Replies received. */
  readonly calls: number;
  /** Requests sent. */
  readonly attempts: number;
  /** Of the replies. What a lost attempt used nobody knows. */
  readonly tokens: Usage;
  /** Crash tax included. */
  readonly spentMicroUsd: number;
  /** Feared or spent for attempts whose reply was lost. */
  readonly crashTaxMicroUsd: number;
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
  readonly total: UsageFigures;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 10_000;

interface Group {
  readonly is_total: boolean;
  /** Rows of the answer, had it no limit. */
  readonly groups: number;
  readonly figures: Omit<UsageRow, "cacheRatio">;
}

/** One statement, so that the rows and their total are of one moment. */
export async function readUsage(db: Database, query: UsageQuery): Promise<UsageReport> {
  const { by, tenant = null } = query;
  const since = query.since?.toISOString() ?? null;
  const limit = Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX);
  const groups = await db<Group>`
    with entry as (
      select day, run_id, tenant, session, agent, model, lane, state, spent, feared, 0::bigint as held,
        input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        web_search_requests
      from pawl.call
      union all
      select day, run_id, tenant, session, agent, model, lane, 'held', 0, 0, amount, 0, 0, 0, 0, 0, 0
      from pawl.hold
    ), counted as (
      select e.*, case ${by}
          when 'run' then run_id when 'session' then session when 'tenant' then tenant
          when 'agent' then agent when 'model' then model when 'lane' then lane else day::text end as name,
        case when ${by} in ('run', 'session', 'tenant') then tenant end as of_tenant
      from entry e
      where (${tenant}::text is null or tenant = ${tenant})
        and (${since}::timestamptz is null or day >= (${since}::timestamptz at time zone 'UTC')::date)
    ), sums as (
      select grouping(name) = 1 as is_total, name, of_tenant, count(distinct run_id) as runs,
        count(*) filter (where state = 'settled') as calls, count(*) as attempts,
        coalesce(sum(input_tokens), 0)::bigint as input,
        coalesce(sum(cache_read_tokens), 0)::bigint as cache_read,
        coalesce(sum(cache_write_5m_tokens), 0)::bigint as cache_write_5m,
        coalesce(sum(cache_write_1h_tokens), 0)::bigint as cache_write_1h,
        coalesce(sum(output_tokens), 0)::bigint as output,
        coalesce(sum(web_search_requests), 0)::bigint as searches,
        coalesce(sum(spent + feared), 0)::bigint as spent,
        coalesce(sum(feared + case state when 'lost' then spent else 0 end), 0)::bigint as crash_tax,
        coalesce(sum(held), 0)::bigint as held
      from counted group by grouping sets ((name, of_tenant), ())
    ), placed as (
      select *, count(*) over (partition by is_total) as groups,
        row_number() over (partition by is_total order by
          case when ${by} = 'day' then name end desc, spent desc, name) as place
      from sums
    )
    select is_total, groups, jsonb_build_object(
      'name', name, 'tenant', of_tenant, 'runs', runs, 'calls', calls, 'attempts', attempts,
      'tokens', jsonb_build_object('inputTokens', input, 'cacheReadTokens', cache_read,
        'cacheWrite5mTokens', cache_write_5m, 'cacheWrite1hTokens', cache_write_1h,
        'outputTokens', output, 'webSearchRequests', searches),
      'spentMicroUsd', spent, 'crashTaxMicroUsd', crash_tax, 'heldMicroUsd', held) as figures
    from placed where is_total or place <= ${limit} order by is_total, place`;
  const rows = groups.filter(({ is_total }) => !is_total);
  const total = groups.find(({ is_total }) => is_total);
  if (total === undefined) throw new Error("the sum over no rows is a row too");
  const { name: _name, tenant: _tenant, ...sum } = total.figures;
  return {
    rows: rows.map(({ figures }) => withCacheRatio(figures)),
    more: (rows[0]?.groups ?? 0) - rows.length,
    total: withCacheRatio(sum),
  };
}

function withCacheRatio<T extends Omit<UsageFigures, "cacheRatio">>(
  figures: T,
): T & Pick<UsageFigures, "cacheRatio"> {
  const prompt = promptTokens(figures.tokens);
  return { ...figures, cacheRatio: prompt === 0 ? null : figures.tokens.cacheReadTokens / prompt };
}

/** Replies that used the same tokens of the same model, and how many there were. */
export interface RecordedCalls {
  readonly model: string;
  readonly tokens: Usage;
  readonly count: number;
  /** For all of them. */
  readonly paidMicroUsd: number;
}

/** Every reply that was paid for, alike ones together. */
export async function readCalls(
  db: Database,
  { tenant, since }: Pick<UsageQuery, "tenant" | "since">,
): Promise<readonly RecordedCalls[]> {
  const whose = tenant ?? null;
  const from = since?.toISOString() ?? null;
  return await db<RecordedCalls>`
    select model, jsonb_build_object('inputTokens', input_tokens, 'cacheReadTokens', cache_read_tokens,
        'cacheWrite5mTokens', cache_write_5m_tokens, 'cacheWrite1hTokens', cache_write_1h_tokens,
        'outputTokens', output_tokens, 'webSearchRequests', web_search_requests) as tokens,
      count(*) as count, sum(spent)::bigint as "paidMicroUsd"
    from pawl.call
    where state = 'settled' and (${whose}::text is null or tenant = ${whose})
      and (${from}::timestamptz is null or day >= (${from}::timestamptz at time zone 'UTC')::date)
    group by model, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
      output_tokens, web_search_requests
    order by count desc, model`;
}
