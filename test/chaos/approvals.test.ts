// Many people decide at once, and everything dies while a call waits: one decision counts, and no
// effect comes without it.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Decision } from "../../src/domain/approval.ts";
import {
  approval,
  denial,
  openFilesFolder,
  waitingCalls,
  writeCall,
} from "../support/approvals.ts";
import {
  createStopwatch,
  EACH_ROUND,
  endedWithRightMoney,
  patience,
  startRun,
} from "../support/chaos.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { until, type Process } from "../support/processes.ts";
import { startTemporalWorld, type TemporalWorld } from "../support/temporal.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

let postgres: PostgresServer;
let temporal: TemporalWorld;
let world: World;
let worker: Process;
const files = openFilesFolder();
const stopwatch = createStopwatch();

beforeAll(async () => {
  [postgres, temporal] = await Promise.all([startPostgres(), startTemporalWorld()]);
  const env = { PAWL_FILES_DIR: files.dir };
  world = await openWorld({ database: postgres, temporal, env });
  worker = await world.startWorker();
}, 180_000);
afterAll(async () => {
  stopwatch.report();
  await world?.close();
  await postgres?.stop();
  await temporal?.close();
  files.remove();
}, 60_000);
beforeEach(() => world.model.reset());

/** `npm run chaos` races 200 calls; `npm test` ten. */
const RACES_A_ROUND = 10;
const RACERS = 5;

/** All five at once: three who approve, one of them with other arguments, and two who deny. */
function racers(pending: Parameters<typeof approval>[0]): readonly Decision[] {
  const by = (n: number) => ({ by: `person ${n}` });
  return [
    approval(pending, by(1)),
    denial(pending, { ...by(2), reason: "no" }),
    approval(pending, { ...by(3), always: true }),
    denial(pending, by(4)),
    approval(pending, { ...by(5), argsDigest: "0".repeat(64) }),
  ];
}

test(
  "A1: of five decisions in a race exactly one counts, and the effect is what it says",
  async () => {
    let approved = 0;
    for (const _ of EACH_ROUND) {
      await world.model.reset();
      const calls = Array.from({ length: RACES_A_ROUND }, (_unused, n) => n);
      // Runs side by side, each with one call: what is raced for is one call of one run.
      await world.model.script([
        // Known by what was said before.
        { times: 1000, match: { contains: "Let me write." }, reply: { text: "Done." } },
        {
          times: 1000,
          reply: { text: "Let me write.", toolCalls: [writeCall("raced.txt")] },
        },
      ]);
      const runIds = await Promise.all(calls.map(() => startRun(world)));
      approved += (await Promise.all(runIds.map(raceFor))).filter((written) => written).length;
    }
    const races = ROUNDS * RACES_A_ROUND;
    if (ROUNDS > 1) {
      const shown = `${races} races of ${RACERS}, ${approved} approved, ${files.all().length} files`;
      process.stderr.write(`chaos: approvals: ${shown}\n`);
    }
    // Each run had one call: as many files as approvals, and not one more.
    expect(files.all()).toHaveLength(approved);
  },
  patience(),
);

/** True where the call was executed. */
async function raceFor(runId: string): Promise<boolean> {
  const [pending] = await waitingCalls(world.client, runId, 1, 120_000);
  const startedAt = Date.now();
  const ends = await Promise.allSettled(
    racers(pending)
      .toSorted(() => Math.random() - 0.5)
      .map((decision) => world.client.decide(runId, decision)),
  );
  stopwatch.record("five decisions", Date.now() - startedAt);
  const accepted = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  const codes = ends.flatMap((end) =>
    end.status === "rejected" ? [(end.reason as { code?: string }).code] : [],
  );
  expect(accepted).toHaveLength(1);
  const known = ["APPROVAL_DECIDED", "APPROVAL_MISMATCH", "RUN_ENDED"];
  expect(codes.filter((code) => !known.includes(code ?? ""))).toEqual([]);
  await endedWithRightMoney(world, runId);
  const told: object[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "approval.decided") told.push({ by: event.by, verdict: event.verdict });
  }
  const [{ by, verdict }] = accepted as unknown as [{ by: string; verdict: string }];
  expect(told).toEqual([{ by, verdict }]);
  expect(files.of(runId, "chaos")).toEqual(verdict === "approved" ? ["raced.txt"] : []);
  return verdict === "approved";
}

describe("a call that waits while kill -9 takes", () => {
  const KILLS: [string, () => Promise<void>][] = [
    [
      "its worker",
      async () => {
        await worker.kill();
        worker = await world.startWorker();
      },
    ],
    [
      "Temporal",
      async () => {
        await temporal.kill();
        await temporal.start();
      },
    ],
    [
      "the database",
      async () => {
        await postgres.crash();
        await postgres.start();
      },
    ],
    [
      "all of them",
      async () => {
        await Promise.all([worker.kill(), temporal.kill(), postgres.crash()]);
        await Promise.all([temporal.start(), postgres.start()]);
        worker = await world.startWorker();
      },
    ],
  ];

  test.each(KILLS)(
    "A3: %s still waits with the same arguments, and is executed once when approved",
    async (_, kill) => {
      for (const round of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([
          { reply: { toolCalls: [writeCall("a.txt"), writeCall("b.txt")] } },
          { times: 5, reply: { text: "Done." } },
        ]);
        const runId = await startRun(world);
        const before = await waitingCalls(world.client, runId, 2, 120_000);
        await kill();
        expect(files.of(runId, "chaos")).toEqual([]);
        const after = await waitingCalls(world.client, runId, 2, 120_000);
        expect(after).toEqual(before);
        const [first, second] = after;
        // Sent while the worker may still be finding its feet: it is repeated, and counts once.
        const approving = world.client.decide(runId, approval(first));
        if (round % 2 === 0) {
          await worker.kill();
          worker = await world.startWorker();
        }
        expect(await approving).toMatchObject({ verdict: "approved" });
        await world.client.decide(runId, denial(second!));
        await endedWithRightMoney(world, runId);
        expect(files.of(runId, "chaos")).toEqual(["a.txt"]);
      }
    },
    patience(3 * ROUNDS),
  );
});

test(
  "A2: a deadline that passes while no worker lives is a denial all the same",
  async () => {
    await world.model.script([
      { reply: { toolCalls: [writeCall("late.txt")] } },
      { times: 5, reply: { text: "Done." } },
    ]);
    await worker.kill();
    const hasty = await world.startWorker({ PAWL_APPROVAL_TIMEOUT_MS: "3000" });
    const runId = await startRun(world);
    const [pending] = await waitingCalls(world.client, runId);
    await hasty.kill();
    await until("the deadline has passed", () => Date.now() > Date.parse(pending.deadlineAt));
    // Decided when nobody is there to take it; the worker that comes finds both the word and the hour.
    const late = world.client.decide(runId, approval(pending)).catch((error: unknown) => error);
    worker = await world.startWorker();
    expect(await late).toMatchObject({ code: "APPROVAL_EXPIRED" });
    await endedWithRightMoney(world, runId);
    expect(files.of(runId, "chaos")).toEqual([]);
  },
  patience(),
);
