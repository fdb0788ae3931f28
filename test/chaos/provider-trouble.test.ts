// A provider that is down, and one that refuses most of what is asked, before three workers: what goes
// out meanwhile, and how soon every run goes on. `npm run test:nightly` makes the trouble a minute long.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import { until } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const IS_WHOLE = ROUNDS > 1;
const WORKERS = 3;
const DOWN_MS = IS_WHOLE ? 60_000 : 12_000;
const STORM_MS = IS_WHOLE ? 60_000 : 12_000;
const RETRY_AFTER_S = IS_WHOLE ? 5 : 3;
const RUNS = 8;
const TURNS = IS_WHOLE ? 24 : 15;
const CALL = { name: "calculator", input: { expression: "6*7" } };
/** Of the SQL function probe_window, less what a request may come sooner on its way. */
const WINDOW_MS = 2500;
const RECOVERED_WITHIN_MS = 10_000;
/** What had been let out when the refusal was on its way home. */
const UNDER_WAY_MS = 1000;
const PATIENCE_MS = 240_000 + DOWN_MS + STORM_MS;

let world: World;

beforeAll(async () => {
  world = await openWorld({
    env: { PAWL_FIRST_BYTE_TIMEOUT_MS: "10000", PAWL_HEARTBEAT_TIMEOUT_MS: "15000" },
  });
  for (let n = 0; n < WORKERS; n += 1) await world.startWorker();
}, 240_000);
afterAll(() => world?.close(), 60_000);
beforeEach(async () => {
  await world.model.reset();
  await world.db`delete from pawl.gate`;
});

const at = ({ at: moment }: ModelRequestSeen): number => Date.parse(moment);

async function startRuns(): Promise<readonly string[]> {
  const tasks = Array.from({ length: RUNS }, (_, n) => `Task ${n} of the troubled.`);
  const step = { text: "I am on it.", toolCalls: [CALL] };
  const replies = tasks.flatMap((contains) => [
    { match: { contains }, times: TURNS - 1, reply: step },
    { match: { contains }, reply: { text: "All done." } },
  ]);
  await world.model.script(replies);
  const runIds: string[] = [];
  for (const [n, task] of tasks.entries()) {
    const order = { task, tenant: `tenant-${n % 2}`, session: "trouble" };
    const { runId } = await world.client.start(order);
    runIds.push(runId);
  }
  return runIds;
}

async function allEnd(runIds: readonly string[]): Promise<void> {
  for (const result of await Promise.all(runIds.map((id) => world.client.result(id)))) {
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "All done." });
    expect(result).toMatchObject({ modelCalls: TURNS, crashTaxUsd: 0 });
  }
  const open = await world.db`select hold_id from pawl.hold`;
  expect(open).toEqual([]);
}

const pass = async (ms: number): Promise<void> => {
  const end = Date.now() + ms;
  await until("the trouble has lasted", () => Date.now() >= end, ms + 60_000);
};

async function eventsOf(runId: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of world.client.watch(runId)) events.push(event);
  return events;
}

test(
  "C1: a provider that is down is probed once a window by the whole fleet, and no run is lost",
  async () => {
    await world.model.faults([{ kind: "server_error", status: 503, times: 100_000 }]);
    const runIds = await startRuns();
    await until("the circuit is open", async () => {
      const rows = await world.db`select key from pawl.gate where down_since is not null`;
      return rows.length === 1;
    });
    const downAtMs = Date.now() + UNDER_WAY_MS;
    await pass(DOWN_MS);
    const healedAtMs = Date.now();
    await world.model.faults([]);
    const firstReplyOf = (runId: string, requests: readonly ModelRequestSeen[]) =>
      requests.find(({ runKey, fault }) => runKey === runId && fault === null);
    await until(
      "every run is served again",
      async () => {
        const requests = await world.model.requests();
        return runIds.every((id) => firstReplyOf(id, requests) !== undefined);
      },
      120_000,
    );
    const requests = await world.model.requests();
    const recoveries = runIds.map((id) => {
      const first = firstReplyOf(id, requests);
      return first === undefined ? Infinity : at(first) - healedAtMs;
    });
    const probes = requests.map(at).filter((ms) => ms > downAtMs && ms < healedAtMs);
    const gaps = probes.slice(1).map((ms, n) => ms - (probes[n] ?? 0));
    process.stderr.write(
      `down for ${healedAtMs - downAtMs} ms: ${probes.length} probes of ${WORKERS} workers, ${RUNS} runs; ` +
        `gaps of ${Math.min(...gaps)} ms and more; recovered after ${Math.max(...recoveries)} ms at most\n`,
    );
    expect(probes.length).toBeGreaterThan(0);
    expect(probes.length).toBeLessThanOrEqual(Math.ceil((healedAtMs - downAtMs) / WINDOW_MS) + 1);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(WINDOW_MS);
    expect(Math.max(...recoveries)).toBeLessThanOrEqual(RECOVERED_WITHIN_MS);
    await allEnd(runIds);
    // M6: their outage is no load on the ledger.
    await until("every hold that was made became a call", async () => {
      const [row] = await world.db<{ all: boolean }>`
        select n_tup_ins = (select count(*) from pawl.call) as all
        from pg_stat_user_tables where schemaname = 'pawl' and relname = 'hold'`;
      return row?.all === true;
    });
    const waits = (await eventsOf(runIds[0] ?? "")).filter(({ type }) => type === "run.waiting");
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) {
      expect(wait).toMatchObject({ reason: "capacity", nextAttemptAt: expect.any(String) });
    }
  },
  PATIENCE_MS,
);

test(
  "C2: in a storm of 429 nothing is asked before its time, and little is asked in vain",
  async () => {
    await world.model.faults([
      { kind: "rate_limit", retryAfterS: RETRY_AFTER_S, share: 0.9, times: 100_000 },
    ]);
    const runIds = await startRuns();
    await pass(STORM_MS);
    await world.model.faults([]);
    await allEnd(runIds);
    const requests = await world.model.requests();
    const refused = requests.filter(({ fault }) => fault !== null).map(at);
    const tooEarly = requests.filter((request) =>
      refused.some(
        (ms) => at(request) > ms + UNDER_WAY_MS && at(request) < ms + RETRY_AFTER_S * 1000,
      ),
    );
    const amplification = requests.length / (RUNS * TURNS);
    process.stderr.write(
      `a storm of ${STORM_MS} ms: ${refused.length} refused, ${requests.length} requests for ` +
        `${RUNS * TURNS} replies (${amplification.toFixed(2)}), ${tooEarly.length} before their time\n`,
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(tooEarly).toEqual([]);
    expect(amplification).toBeLessThanOrEqual(1.2);
  },
  PATIENCE_MS,
);
