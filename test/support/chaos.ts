// What the kill tests share: how often they kill, runs whose money is checked to the micro-USD, and
// how long it took until a run went on.

import { expect } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { Process } from "./processes.ts";
import { until } from "./processes.ts";
import type { ModelRequestSeen } from "./offline-model.ts";
import { ROUNDS } from "./tier.ts";
import { HEARTBEAT_TIMEOUT_MS, type World } from "./world.ts";

export const EACH_ROUND = Array.from({ length: ROUNDS }, (_, index) => index + 1);

/** For a test of `rounds` rounds, each with a few starts of workers on a slow machine. */
export const patience = (rounds = ROUNDS): number => 60_000 + rounds * 60_000;

/**
 * Allowed between the first poll of a new worker and the next step of the run, where nothing else is on the machine:
 * beside other suites it only has to come.
 */
export const PROGRESS_WITHIN_MS = HEARTBEAT_TIMEOUT_MS + (ROUNDS > 1 ? 3000 : 30_000);

/** Room for one lost attempt of a default agent, and for no more than four. */
const CAP_MICRO_USD = 300_000;

export async function startRun(world: World, order: Partial<RunOrder> = {}): Promise<string> {
  const { runId } = await world.client.start({
    task: "Say a word about pawls.",
    tenant: "chaos",
    session: "chaos",
    limits: { costMicroUsd: CAP_MICRO_USD },
    ...order,
  });
  return runId;
}

export async function requestsOf(
  world: World,
  runId: string,
): Promise<readonly ModelRequestSeen[]> {
  return (await world.model.requests()).filter(({ runKey }) => runKey === runId);
}

/** The request of the run that waits at the provider. */
export function heldRequest(
  world: World,
  runId: string,
  withinMs = 30_000,
): Promise<ModelRequestSeen> {
  const look = async (): Promise<ModelRequestSeen | undefined> =>
    (await requestsOf(world, runId)).find(({ state }) => state === "held");
  return until(`a request of ${runId} is held`, look, withinMs);
}

export interface Hold {
  readonly attempt: number;
  readonly state: string;
  readonly held: number;
  /** What is feared is in it. */
  readonly spent: number | null;
}

export async function holdsOf({ db }: World, runId: string): Promise<readonly Hold[]> {
  return await db<Hold>`
    select attempt, state, held, spent from (
      select attempt, state, amount::float8 as held, (spent + feared)::float8 as spent, resolved_at as at
      from pawl.call where run_id = ${runId}
      union all
      select attempt, 'held', amount::float8, null, 'infinity' from pawl.hold where run_id = ${runId}
    ) holds order by at`;
}

export interface Money {
  readonly result: RunResult;
  readonly holds: readonly Hold[];
  readonly billedMicroUsd: number;
}

/** The end of a run, and what must be true of its money however it got there. */
export async function endedWithRightMoney(
  world: World,
  runId: string,
  capMicroUsd = CAP_MICRO_USD,
): Promise<Money> {
  const result = await world.client.result(runId);
  const holds = await holdsOf(world, runId);
  const billedMicroUsd = await world.model.billedMicroUsd(runId);
  const spent = sum(holds.map((hold) => hold.spent ?? 0));
  const tax = sum(holds.map(({ state, spent: paid }) => (state === "lost" ? (paid ?? 0) : 0)));
  expect(result.outcome).toEqual({ kind: "answered" });
  expect(holds.filter(({ state }) => state === "held")).toEqual([]);
  // What was counted of a reply that broke off bounds what the rest of it may have cost.
  for (const { state, spent: lost, held } of holds) {
    if (state === "lost") expect(lost).toBeLessThanOrEqual(held);
  }
  expect(microUsd(result.costUsd)).toBe(spent);
  expect(microUsd(result.crashTaxUsd)).toBe(tax);
  expect(spent).toBeGreaterThanOrEqual(billedMicroUsd);
  expect(spent).toBeLessThanOrEqual(capMicroUsd);
  return { result, holds, billedMicroUsd };
}

function microUsd(usd: number): number {
  return Math.round(usd * 1_000_000);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}

interface ExportedHistory {
  readonly events: readonly { readonly eventTime: string; readonly eventType: string }[];
}

/** What the server writes by itself is no step of the run. */
const BY_SERVER = /TIMED_OUT|SCHEDULED/;

/** From a moment to the next request at the provider or the next event of the history. */
export async function progressAfter(world: World, runId: string, sinceMs: number): Promise<number> {
  const { histories } = await world.client.exportHistories(runId);
  const events = (histories as ExportedHistory[])
    .flatMap((history) => history.events)
    .filter(({ eventType }) => !BY_SERVER.test(eventType));
  const requests = await requestsOf(world, runId);
  const times = [...events.map(({ eventTime }) => eventTime), ...requests.map(({ at }) => at)];
  const later = times.map((time) => Date.parse(time) - sinceMs).filter((ms) => ms >= 0);
  return Math.min(...later);
}

/** A worker that takes over, and since when it polls. */
export async function startRescuer(
  world: World,
): Promise<{ worker: Process; pollsSinceMs: number }> {
  const worker = await world.startWorker();
  return { worker, pollsSinceMs: Date.now() };
}

/** Collects times under a name; `report` prints the distributions where there is more than one. */
export function createStopwatch() {
  const times = new Map<string, number[]>();
  return {
    record(name: string, ms: number): void {
      times.set(name, [...(times.get(name) ?? []), ms]);
    },
    report(): void {
      for (const [name, all] of times) {
        const sorted = all.toSorted((a, b) => a - b);
        const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
        const figures = `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
        if (ROUNDS > 1) process.stderr.write(`chaos: ${name}: n=${all.length}, ${figures}\n`);
      }
    },
  };
}
