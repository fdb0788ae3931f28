// A provider whose limit is lower than what is asked, before three workers, and two tenants: one wants
// twice what there is, the other a tenth of that. `npm run test:nightly` makes it a minute long, and
// then the times themselves are asserted.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { until, type Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const IS_WHOLE = ROUNDS > 1;
const WORKERS = 3;
const STORM_MS = IS_WHOLE ? 60_000 : 15_000;
const LIMITS = { requests: 60, filled: 0.2 };
/** The greedy tenant alone wants twice what there is. */
const GREEDY_EVERY_MS = 500;
const MODEST_EVERY_MS = IS_WHOLE ? 5000 : 3000;
const WARM_UP_RUNS = 4;
const TOKEN_RUNS = IS_WHOLE ? 40 : 12;
const TURNS = 4;
/** Of calls that went out before any answer had said what is left, and were refused. */
const FIRST_BURST_MS = 10_000;
const PROSE = "I am reckoning. ".repeat(30);
const TOKEN_LIMITS = { inputTokens: 30_000, outputTokens: 12_000, filled: 0.4 };
/** Most of what the modest tenant takes is the work of the machine, which has more to do in a storm. */
const SLOWER_MAX = 2;
const PATIENCE_MS = 300_000 + 6 * STORM_MS;

let world: World;
let workers: readonly Process[];

beforeAll(async () => {
  world = await openWorld({
    env: { PAWL_FIRST_BYTE_TIMEOUT_MS: "10000", PAWL_HEARTBEAT_TIMEOUT_MS: "15000" },
  });
  workers = await Promise.all(Array.from({ length: WORKERS }, () => world.startWorker()));
}, 240_000);
afterAll(() => world?.close(), 60_000);
beforeEach(async () => {
  await world.model.reset();
  await world.db`delete from pawl.gate`;
  await world.db`delete from pawl.gate_bucket`;
});

/** Starts a run whenever its time has come, until the storm is over. */
async function startEvery(everyMs: number, tenant: string): Promise<readonly string[]> {
  const runIds: string[] = [];
  const beganMs = Date.now();
  for (let n = 0; n * everyMs < STORM_MS; n += 1) {
    await until("the next run is due", () => Date.now() >= beganMs + n * everyMs, STORM_MS * 2);
    const order = { task: `Task ${n} of the ${tenant}.`, tenant, session: tenant };
    runIds.push((await world.client.start(order)).runId);
  }
  return runIds;
}

/** How long each took, from its start to its end: one turn. */
async function durations(runIds: readonly string[]): Promise<readonly number[]> {
  const results = await Promise.all(runIds.map((id) => world.client.result(id)));
  for (const result of results) {
    expect(result).toMatchObject({ outcome: { kind: "answered" }, modelCalls: 1, crashTaxUsd: 0 });
  }
  return results.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
}

const p = (share: number, sorted: readonly number[]): number =>
  sorted[Math.ceil(share * sorted.length) - 1] ?? Infinity;

/** Of runs, the part that was ever told to wait. */
function shareThatWaited(runIds: readonly string[]): number {
  const lines = workers.flatMap((worker) => worker.lines);
  const waits = lines.filter((line) => line.includes("capacity_wait"));
  const waited = runIds.filter((runId) => waits.some((line) => line.includes(runId)));
  return waited.length / runIds.length;
}

async function waitsOf(runId: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of world.client.watch(runId)) events.push(event);
  return events.filter(({ type }) => type === "run.waiting");
}

test(
  "C3, C4: where more is wanted than there is, nothing is asked in vain, and a modest tenant waits for nobody",
  async () => {
    const warmUp = Array.from({ length: WARM_UP_RUNS }, () =>
      world.client.start({ task: "Warm up.", tenant: "warm", session: "warm" }),
    );
    await durations((await Promise.all(warmUp)).map(({ runId }) => runId));
    await world.model.limits(LIMITS);
    const quiet = await durations(await startEvery(MODEST_EVERY_MS, "modest"));
    await world.model.limits(LIMITS);
    const before = (await world.model.requests()).length;
    const [greedyIds, modestIds] = await Promise.all([
      startEvery(GREEDY_EVERY_MS, "greedy"),
      startEvery(MODEST_EVERY_MS, "modest"),
    ]);
    const [greedy, modest] = await Promise.all([durations(greedyIds), durations(modestIds)]);
    const requests = (await world.model.requests()).slice(before);
    const refused = requests.filter(({ fault }) => fault !== null).length;
    const runs = greedyIds.length + modestIds.length;
    const amplification = requests.length / runs;
    const [greedyShare, modestShare] = [greedyIds, modestIds].map(shareThatWaited);
    const figures = (sorted: readonly number[]) => `p50 ${p(0.5, sorted)} p95 ${p(0.95, sorted)}`;
    process.stderr.write(
      `${runs} runs in ${STORM_MS} ms at ${LIMITS.requests} requests a minute: ${refused} refused, ` +
        `amplification ${amplification.toFixed(3)}; modest ${figures(modest)} ms (quiet: ${figures(quiet)}), ` +
        `${modestShare} had to wait; greedy ${figures(greedy)} ms, ${greedyShare} had to wait\n`,
    );
    expect(amplification).toBeLessThanOrEqual(1.2);
    expect(greedyShare).toBeGreaterThan(0.5);
    expect(modestShare).toBeLessThanOrEqual(0.34);
    expect(p(0.5, modest)).toBeLessThan(p(0.5, greedy));
    if (IS_WHOLE) {
      expect(p(0.95, modest)).toBeLessThanOrEqual(SLOWER_MAX * p(0.95, quiet));
      expect(refused / runs).toBeLessThanOrEqual(0.02);
    }
    const waits = await waitsOf(greedyIds.at(-1) ?? "");
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) {
      expect(wait).toMatchObject({
        reason: "capacity",
        message: expect.stringContaining("take turns"),
        nextAttemptAt: expect.any(String),
      });
    }
    const open = await world.db`select hold_id from pawl.hold`;
    expect(open).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "C3: limits on tokens are kept by what calls use of what they may use, and every run ends",
  async () => {
    const CALL = { name: "calculator", input: { expression: "6*7" } };
    const tasks = Array.from({ length: TOKEN_RUNS }, (_, n) => `Sum number ${n} of them all.`);
    await world.model.script(
      tasks.flatMap((contains) => [
        { match: { contains }, times: TURNS - 1, reply: { text: PROSE, toolCalls: [CALL] } },
        { match: { contains }, reply: { text: "All done." } },
      ]),
    );
    await world.model.limits(TOKEN_LIMITS);
    const started = tasks.map((task, n) =>
      world.client.start({ task, tenant: `tenant-${n % 2}`, session: "tokens" }),
    );
    const runIds = (await Promise.all(started)).map(({ runId }) => runId);
    const results = await Promise.all(runIds.map((id) => world.client.result(id)));
    for (const result of results) expect(result).toMatchObject({ outcome: { kind: "answered" } });
    const replies = results.reduce((sum, { modelCalls }) => sum + modelCalls, 0);
    const requests = await world.model.requests();
    const refused = requests.filter(({ fault }) => fault !== null);
    const firstMs = Date.parse(requests[0]?.at ?? "");
    const later = refused.filter(({ at }) => Date.parse(at) > firstMs + FIRST_BURST_MS).length;
    const amplification = requests.length / replies;
    const buckets = await world.db<{ kind: string; ratio: number }>`
      select kind, ratio from pawl.gate_bucket order by kind`;
    const used = buckets.map(({ kind, ratio }) => `${kind} ${ratio.toFixed(2)}`).join(", ");
    process.stderr.write(
      `${TOKEN_RUNS} runs of ${TURNS} turns at ${JSON.stringify(TOKEN_LIMITS)}: ${refused.length} refused, ` +
        `${later} of them after the first burst, ` +
        `amplification ${amplification.toFixed(3)}, used of what was allowed: ${used}; ` +
        `${shareThatWaited(runIds)} had to wait\n`,
    );
    expect(amplification).toBeLessThanOrEqual(1.2);
    expect(later / replies).toBeLessThanOrEqual(0.05);
    expect(shareThatWaited(runIds)).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
