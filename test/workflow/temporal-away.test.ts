// M7: Temporal is away for longer than the heartbeat timeout while replies are on their way. Workers, provider
// and PostgreSQL are well all the time: nothing is asked for twice, and no money is lost.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { holdsOf, requestsOf } from "../support/chaos.ts";
import { until, type Process } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { startTemporalWorld, type TemporalWorld } from "../support/temporal.ts";
import { nightlyTest } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

interface Outage {
  readonly heartbeatTimeoutMs: number;
  readonly awayMs: number;
  readonly replyMs: number;
}

const SHORT: Outage = { heartbeatTimeoutMs: 3000, awayMs: 6000, replyMs: 14_000 };
const LONG: Outage = { heartbeatTimeoutMs: 20_000, awayMs: 32_000, replyMs: 60_000 };
const RUNS = 6;
const CHUNKS = 100;

let temporal: TemporalWorld;
let world: World;

beforeAll(async () => {
  temporal = await startTemporalWorld();
  world = await openWorld({ temporal, env: PATIENT });
}, 180_000);
afterAll(async () => {
  await world?.close();
  await temporal?.close();
}, 60_000);
beforeEach(() => world.model.reset());

interface Away {
  readonly how: string;
  /** Whether Temporal surely gives attempts up: one that goes on may hear of their heartbeats just before. */
  readonly givesUp: boolean;
  readonly be: (awayMs: number) => Promise<void>;
}

const waysToBeAway: Away[] = [
  {
    how: "stopped and continued",
    givesUp: false,
    be: async (awayMs) => {
      temporal.signal("SIGSTOP");
      await passed(awayMs);
      temporal.signal("SIGCONT");
    },
  },
  {
    how: "killed and started again",
    givesUp: true,
    be: async (awayMs) => {
      await temporal.kill();
      await passed(awayMs);
      await temporal.start();
    },
  },
];

async function passed(ms: number): Promise<void> {
  const untilMs = Date.now() + ms;
  await until("it was away for long enough", () => Date.now() >= untilMs, ms + 5000);
}

async function startRuns(): Promise<readonly string[]> {
  const starting = Array.from({ length: RUNS }, async (_, index) => {
    const order = { task: `Say ${index} words.`, tenant: "away", session: "away" };
    return (await world.client.start(order)).runId;
  });
  return await Promise.all(starting);
}

const given = (workers: readonly Process[], event: string): number =>
  workers.flatMap(({ lines }) => lines).filter((line) => line.includes(`"${event}"`)).length;

async function nothingIsLost({ be, givesUp }: Away, outage: Outage) {
  const { heartbeatTimeoutMs, awayMs, replyMs } = outage;
  const reply = { textBytes: 4 * CHUNKS, chunkChars: 4, chunkDelayMs: replyMs / CHUNKS };
  await world.model.script([{ reply, times: 2 * RUNS }]);
  const env = { PAWL_HEARTBEAT_TIMEOUT_MS: String(heartbeatTimeoutMs) };
  const workers = await Promise.all([world.startWorker(env), world.startWorker(env)]);
  const runIds = await startRuns();
  await until("all replies are on their way", async () => {
    const requests = await world.model.requests();
    return requests.length === RUNS && requests.every(({ eventsSent }) => eventsSent > 3);
  });
  await be(awayMs);
  for (const runId of runIds) {
    const result = await world.client.result(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, crashTaxUsd: 0 });
    expect(await requestsOf(world, runId)).toHaveLength(1);
    expect((await holdsOf(world, runId)).map(({ state }) => state)).toEqual(["settled"]);
    expect(Math.round(result.costUsd * 1_000_000)).toBe(await world.model.billedMicroUsd(runId));
  }
  if (givesUp) expect(given(workers, "attempt_given_up")).toBeGreaterThan(0);
  expect(given(workers, "model_retry")).toBe(0);
  await Promise.all(workers.map((worker) => worker.kill()));
}

describe("M7: no request twice, and nothing lost, where Temporal is", () => {
  test.each(waysToBeAway)(
    "$how during six replies",
    async (away) => {
      await nothingIsLost(away, SHORT);
    },
    120_000,
  );

  nightlyTest.each(waysToBeAway)(
    "$how after 32 s, during six replies of a minute",
    async (away) => {
      await nothingIsLost(away, LONG);
    },
    300_000,
  );
});
