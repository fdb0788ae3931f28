// The lease of a worker, from both sides: what is not bought while it lives, and when it is once it has run out.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createStopwatch,
  EACH_ROUND,
  endedWithRightMoney,
  heldRequest,
  holdsOf,
  patience,
  requestsOf,
  startRun,
} from "../support/chaos.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { ROUNDS } from "../support/tier.ts";
import { startTemporalWorld, type TemporalWorld } from "../support/temporal.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { openWorld, type World } from "../support/world.ts";

/** Strict where a machine does nothing else for twenty rounds. */
const AT_ONCE_MS = ROUNDS > 1 ? 500 : 20_000;
const LEASE_MS = 10_000;
const leaseOf = (ms: number) => ({ PAWL_HEARTBEAT_TIMEOUT_MS: String(ms) });

let postgres: PostgresServer;
let temporal: TemporalWorld;
let world: World;
const stopwatch = createStopwatch();

beforeAll(async () => {
  [postgres, temporal] = await Promise.all([startPostgres(), startTemporalWorld()]);
  world = await openWorld({ database: postgres, temporal, env: PATIENT });
}, 180_000);
afterAll(async () => {
  stopwatch.report();
  await world?.close();
  await postgres?.stop();
  await temporal?.close();
}, 60_000);
beforeEach(() => world.model.reset());

async function passed(ms: number): Promise<void> {
  const untilMs = Date.now() + ms;
  await until("the time has passed", () => Date.now() >= untilMs, ms + 5000);
}

/** Of the one worker that has begun a call. */
async function leaseEndsAtMs(runId: string): Promise<number> {
  const [lease] = await world.db<{ endsAt: string }>`
    select (extract(epoch from l.expires_at) * 1000)::float8 as "endsAt"
    from pawl.lease l join pawl.hold h using (lease_id)
    where h.run_id = ${runId}`;
  return Number(lease?.endsAt);
}

describe("M7: a worker that is killed with its lease alive", () => {
  test(
    "has its call bought again when the lease has run out: not before, and half a second later at most",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([{ reply: { textBytes: 400 }, times: 3 }]);
        await world.model.faults([
          { kind: "overloaded", retryAfterS: 2 },
          { kind: "hold", afterEvents: 5 },
        ]);
        // The run is pinned to its heartbeats, so Temporal sees soon that the next worker is dead.
        const first = await world.startWorker(leaseOf(2000));
        const runId = await startRun(world);
        await first.line("model_retry");
        await first.stop();
        const victim = await world.startWorker(leaseOf(LEASE_MS));
        await heldRequest(world, runId);
        const rescuer = await world.startWorker(leaseOf(LEASE_MS));
        await victim.kill();
        const endsAtMs = await leaseEndsAtMs(runId);
        await rescuer.line("attempt_awaited");
        expect(Date.now()).toBeLessThan(endsAtMs);
        const { holds } = await endedWithRightMoney(world, runId);
        expect(holds.map(({ state }) => state)).toEqual(["voided", "lost", "settled"]);
        const [, , third] = await requestsOf(world, runId);
        const lateMs = Date.parse(third?.at ?? "") - endsAtMs;
        stopwatch.record("from the end of the lease to the next request", lateMs);
        expect(lateMs).toBeGreaterThanOrEqual(0);
        expect(lateMs).toBeLessThan(AT_ONCE_MS);
        await rescuer.kill();
      }
    },
    patience(),
  );
});

describe("M7: two workers, and a lease that ends in the middle", () => {
  test(
    "one reply counts, the other comes too late, and both are within the cap",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([{ reply: { textBytes: 400 }, times: 2 }]);
        await world.model.faults([{ kind: "hold", afterEvents: 5, times: 2 }]);
        const env = {
          ...leaseOf(2000),
          PAWL_RETRY_MAX_ATTEMPTS: "50",
          PAWL_RETRY_INITIAL_MS: "10",
        };
        const frozen = await world.startWorker(env);
        const runId = await startRun(world);
        await heldRequest(world, runId);
        frozen.signal("SIGSTOP");
        const other = await world.startWorker(env);
        const isHeldTwice = async () =>
          (await requestsOf(world, runId)).filter(({ state }) => state === "held").length === 2;
        // The polls of a frozen worker stay open, and each may swallow an attempt.
        await until("it is asked again", isHeldTwice, 150_000);
        frozen.signal("SIGCONT");
        await world.model.release();
        await frozen.line("was given up before its reply arrived");
        const { holds } = await endedWithRightMoney(world, runId);
        expect(holds.map(({ state }) => state)).toEqual(["lost", "settled"]);
        await Promise.all([frozen.kill(), other.kill()]);
      }
    },
    patience(3 * ROUNDS),
  );
});

describe("M7: PostgreSQL is away for longer than the lease while a reply is on its way", () => {
  test(
    "the reply is settled when it is back, and nothing is bought twice",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([{ reply: { textBytes: 400 }, times: 2 }]);
        await world.model.faults([{ kind: "hold", afterEvents: 5 }]);
        const workers = [await world.startWorker(leaseOf(2000))];
        const runId = await startRun(world);
        await heldRequest(world, runId);
        workers.push(await world.startWorker(leaseOf(2000)));
        await postgres.crash();
        await workers[0]?.line("its calls may be taken for lost");
        await world.model.release();
        await postgres.start();
        const { result } = await endedWithRightMoney(world, runId);
        expect(result).toMatchObject({ crashTaxUsd: 0, modelAttempts: 1 });
        expect(await requestsOf(world, runId)).toHaveLength(1);
        await Promise.all(workers.map((worker) => worker.kill()));
      }
    },
    patience(),
  );
});

describe("an attempt that waits for one in another worker", () => {
  test(
    "ends with a cancel of the run, and so does the other one",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([{ reply: { textBytes: 400 }, times: 2 }]);
        await world.model.faults([{ kind: "hold", afterEvents: 5 }]);
        const leaving = await world.startWorker(leaseOf(2000));
        const runId = await startRun(world);
        await heldRequest(world, runId);
        const other = await world.startWorker(leaseOf(2000));
        // It takes nothing new, and goes on with what it has.
        leaving.signal("SIGTERM");
        await temporal.kill();
        await passed(4000);
        await temporal.start();
        await leaving.line("attempt_given_up");
        await other.line("attempt_awaited");
        const cancelledAtMs = Date.now();
        await world.client.cancel(runId);
        expect((await world.client.result(runId)).outcome.kind).toBe("cancelled");
        stopwatch.record("a cancel of an attempt that waits", Date.now() - cancelledAtMs);
        const isLeft = async () => (await world.model.billing(runId))[0]?.status === "aborted";
        await until("the stream is left", isLeft, 5000);
        stopwatch.record("until the stream elsewhere is left", Date.now() - cancelledAtMs);
        expect(await requestsOf(world, runId)).toHaveLength(1);
        expect((await holdsOf(world, runId)).map(({ state }) => state)).not.toContain("held");
        await leaving.ended;
        await other.kill();
      }
    },
    patience(),
  );
});

describe("a run that is terminated", () => {
  test("has its stream left with the next beat: nobody wants the reply", async () => {
    await world.model.script([{ reply: { textBytes: 400 } }]);
    await world.model.faults([{ kind: "hold", afterEvents: 5 }]);
    const worker = await world.startWorker(leaseOf(4000));
    const runId = await startRun(world);
    await heldRequest(world, runId);
    await withTemporalClient(temporal, (client) => client.workflow.getHandle(runId).terminate());
    const isLeft = async () => (await world.model.billing(runId))[0]?.status === "aborted";
    await until("the stream is left", isLeft, 10_000);
    await worker.kill();
  }, 120_000);
});
