// A provider with rate limits and the gate before it, in a time of their own: calls come, are let out or
// told to come again, and the provider, which keeps its own count, refuses what it can't take.

import type { Amounts, RateLimits } from "../../src/domain/rate-limits.ts";
import type { Database } from "../../src/store/database.ts";

export interface PlannedCall {
  readonly tenant: string;
  readonly atMs: number;
  /** What it may count for at most. */
  readonly input: number;
  readonly output: number;
}

export interface Served extends PlannedCall {
  readonly runId: string;
  readonly waitedMs: number;
  readonly asks: number;
}

export interface MeteredProvider {
  readonly limits: Amounts;
  /** The part of each limit that is left at first. */
  readonly filled: number;
  /** Of what a call drew, or may use at most, what it uses in the end. */
  readonly uses: (drawn: Amounts, bounds: Amounts) => Amounts;
}

const EPOCH_MS = Date.parse("2026-01-01T00:00:00Z");
const KINDS = ["requests", "input", "output"] as const;
/** A provider hears of a call a little after the gate let it out, and the gate of its end later still. */
const REPLY_MS = 800;

interface Agenda {
  readonly call: PlannedCall;
  readonly runId: string;
  readonly atMs: number;
  readonly asks: number;
  readonly news?: object;
}

/** Throws where a call is let out that the provider would refuse. */
export async function serveAll(
  db: Database,
  { limits, filled, uses }: MeteredProvider,
  { key, calls }: { readonly key: string; readonly calls: readonly PlannedCall[] },
): Promise<readonly Served[]> {
  const provider = bucketsOf(limits, filled);
  const meter = async (news: object, atMs: number): Promise<void> => {
    const told = { key, limits: provider.said(atMs), isTight: true, ...news };
    await db`select pawl.meter(${{ json: told }}, ${momentOf(atMs)}::timestamptz)`;
  };
  await meter({}, 0);
  const served: Served[] = [];
  const agenda: Agenda[] = calls.map((call, n) => ({
    call,
    runId: `${key}/run-${n}`,
    atMs: call.atMs,
    asks: 0,
  }));
  while (agenda.length > 0) {
    const next = earliest(agenda);
    const { call, runId, atMs, asks, news } = next;
    if (news !== undefined) {
      await meter(news, atMs);
      continue;
    }
    const bounds = { requests: 1, input: call.input, output: call.output };
    const ask = { key, runId, tenant: call.tenant, bounds };
    const [answer] = await db<{ drawn: Amounts | null; wait_s: number | null }>`
      select drawn, wait_s from pawl.draw(${{ json: ask }}, ${momentOf(atMs)}::timestamptz)`;
    if (answer === undefined) throw new Error("the gate said nothing");
    const { drawn, wait_s: waitS } = answer;
    if (drawn === null) {
      agenda.push({ ...next, atMs: atMs + Math.ceil((waitS ?? 0) * 1000), asks: asks + 1 });
      continue;
    }
    const used = uses(drawn, bounds);
    provider.take(used, atMs);
    served.push({ ...call, runId, waitedMs: atMs - call.atMs, asks: asks + 1 });
    agenda.push({ ...next, atMs: atMs + REPLY_MS, news: { drawn, used, bounds } });
  }
  return served;
}

function earliest(agenda: Agenda[]): Agenda {
  const at = agenda.reduce((best, { atMs }, n) => (atMs < (agenda[best]?.atMs ?? 0) ? n : best), 0);
  const [next] = agenda.splice(at, 1);
  if (next === undefined) throw new Error("nothing is left to do");
  return next;
}

function momentOf(ms: number): string {
  return new Date(EPOCH_MS + ms).toISOString();
}

function bucketsOf(limits: Amounts, filled: number) {
  const levels = { requests: 0, input: 0, output: 0 };
  for (const kind of KINDS) levels[kind] = limits[kind] * filled;
  let seenMs = 0;
  const refill = (atMs: number): void => {
    for (const kind of KINDS) {
      const gained = (limits[kind] * (atMs - seenMs)) / 60_000;
      levels[kind] = Math.min(limits[kind], levels[kind] + gained);
    }
    seenMs = atMs;
  };
  return {
    said(atMs: number): RateLimits {
      refill(atMs);
      const left = (kind: keyof Amounts) => ({
        limit: limits[kind],
        remaining: Math.max(0, levels[kind]),
      });
      return { requests: left("requests"), input: left("input"), output: left("output") };
    },
    take(used: Amounts, atMs: number): void {
      refill(atMs);
      for (const kind of KINDS) {
        levels[kind] -= used[kind];
        if (levels[kind] < -0.001 * limits[kind]) {
          throw new Error(`${kind}: ${-levels[kind]} more than there were, after ${atMs} ms`);
        }
      }
    },
  };
}

export function shareOf({ input, output }: Amounts, share: number): Amounts {
  return { requests: 1, input: input * share, output: output * share };
}
