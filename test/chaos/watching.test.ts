// What viewers see while workers, and the viewers themselves, are killed again and again.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { packageFile } from "../../src/package-root.ts";
import { EACH_ROUND, endedWithRightMoney, patience, startRun } from "../support/chaos.ts";
import { startProcess, until, type Process } from "../support/processes.ts";
import { openViewer, type Viewer } from "../support/viewer.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const WORKER_KILLS = ROUNDS > 1 ? 20 : 4;
const TURNS = 5;
const TURN_CHARS = 700;
/** Each kill costs the worst case of a call, about 0.07 USD. */
const CAP_MICRO_USD = 10_000_000;
const TASK = "Five turns, please.";

let world: World;

beforeAll(async () => {
  const env = {
    PAWL_RUN_CAP_USD: "10",
    PAWL_TENANT_DAY_CAP_USD: "1000",
    PAWL_RETRY_MAX_ATTEMPTS: "30",
  };
  world = await openWorld({ env, chunkDelayMs: 20 });
}, 180_000);
afterAll(() => world?.close(), 60_000);
beforeEach(async () => {
  await world.model.reset();
  await world.model.script(Array.from({ length: TURNS }, (_, turn) => replyAt(turn)).toReversed());
});

/** The same for every attempt of a turn: it is known by the end of the reply before it. */
function replyAt(turn: number): object {
  const isLast = turn === TURNS - 1;
  return {
    match: { contains: turn === 0 ? TASK : `${turn - 1}.end` },
    times: 100_000,
    reply: {
      text: talk(turn),
      toolCalls: isLast ? [] : [{ name: "web_search", input: { query: "Earth" } }],
    },
  };
}

/** No two pieces are alike, so that a gap and a double both show. */
function talk(turn: number): string {
  const pieces = Array.from({ length: TURN_CHARS / 14 }, (_, n) => `${turn}.${n} tooth 😀, `);
  return `${pieces.join("")}${turn}.end`;
}

const random = (max: number): number => 1 + Math.floor(Math.random() * max);

/** With `stay`, it leaves after so many events and comes back behind the last one it saw. */
async function follow(runId: string, viewer: Viewer, stay = () => Infinity): Promise<void> {
  while (viewer.result === null) {
    let eventsLeft = stay();
    for await (const event of world.client.watch(runId, behind(viewer))) {
      viewer.see(event);
      eventsLeft -= 1;
      if (eventsLeft <= 0) break;
    }
  }
}

function behind({ lastId }: Viewer): { readonly after?: string } {
  return lastId === undefined ? {} : { after: lastId };
}

test(
  "V3: through all kills of workers, every viewer shows the transcript: no gap, no double",
  async () => {
    let kills = 0;
    let withdrawals = 0;
    while (kills < WORKER_KILLS) {
      let worker = await world.startWorker();
      const runId = await startRun(world, {
        task: TASK,
        limits: { costMicroUsd: CAP_MICRO_USD },
      });
      const steady = openViewer();
      const hoppers = [openViewer(), openViewer(), openViewer()];
      const watching = Promise.all([
        follow(runId, steady),
        ...hoppers.map((hopper) => follow(runId, hopper, () => random(12))),
      ]);
      while (kills < WORKER_KILLS) {
        const aim = steady.charsTold + random(TURN_CHARS * 1.5);
        const isOver = (): boolean => steady.result !== null;
        await until("there is text to kill", () => steady.charsTold >= aim || isOver(), 120_000);
        if (isOver()) break;
        await worker.kill();
        kills += 1;
        worker = await world.startWorker();
      }
      await watching;
      const { result } = await endedWithRightMoney(world, runId, CAP_MICRO_USD);
      expect(result.answer).toBe(talk(TURNS - 1));
      for (const viewer of [steady, ...hoppers]) viewer.expectNoGapAndNoDouble();
      withdrawals += steady.withdrawals;

      const late = openViewer();
      await follow(runId, late);
      late.expectNoGapAndNoDouble();
      await worker.kill();
    }
    expect(withdrawals).toBeGreaterThan(0);
  },
  patience(WORKER_KILLS),
);

/** What a CLI printed before it was killed; its last line may be cut. */
function replay(cli: Process, viewer: Viewer): RunResult | null {
  let result: RunResult | null = null;
  for (const line of cli.lines) {
    const said = parsed(line);
    if (said?.type === "result") result = said;
    else if (said !== null) viewer.see(said);
  }
  return result;
}

function parsed(line: string): RunEvent | RunResult | null {
  try {
    return JSON.parse(line) as RunEvent | RunResult;
  } catch {
    return null;
  }
}

function pawl(...args: readonly string[]): Process {
  const main = packageFile("bin/pawl.js");
  return startProcess(process.execPath, [main, ...args, "--json"], { env: world.env });
}

async function killedInMidStream(cli: Process): Promise<void> {
  const enough = random(20);
  await until("the CLI prints text", () => {
    return cli.lines.filter((line) => line.includes('"reply.delta"')).length >= enough;
  });
  await cli.kill();
}

test(
  "a CLI that is killed and attached again prints the rest, the result, and exits with its code",
  async () => {
    const worker = await world.startWorker();
    for (const _ of EACH_ROUND) {
      const viewer = openViewer();
      const started = pawl("run", TASK);
      await killedInMidStream(started);
      replay(started, viewer);
      const { runId } = JSON.parse(started.lines[0] ?? "") as RunEvent;
      const attached = pawl("attach", runId, "--after", viewer.lastId ?? "");
      await killedInMidStream(attached);
      replay(attached, viewer);
      const last = pawl("attach", runId, "--after", viewer.lastId ?? "");
      expect(await last.ended).toBe(0);
      expect(replay(last, viewer)).toEqual(await world.client.result(runId));
      viewer.expectNoGapAndNoDouble();
      expect(viewer.result?.answer).toBe(talk(TURNS - 1));

      const again = pawl("attach", runId);
      expect(await again.ended).toBe(0);
      const whole = openViewer();
      expect(replay(again, whole)?.answer).toBe(talk(TURNS - 1));
      whole.expectNoGapAndNoDouble();
    }
    await worker.kill();
  },
  patience(),
);
