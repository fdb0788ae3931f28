// What people at the gateway see while it, their connections and the workers are killed again and again.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { compareEventIds, parseEventId } from "../../src/client/event-id.ts";
import { createStopwatch, endedWithRightMoney, patience } from "../support/chaos.ts";
import { startGatewayWorld, type GatewayWorld } from "../support/gateway.ts";
import { until, type Process } from "../support/processes.ts";
import { openSse, type SseStream } from "../support/sse-viewer.ts";
import { openViewer, type Viewer } from "../support/viewer.ts";
import { ROUNDS } from "../support/tier.ts";
import { HEARTBEAT_TIMEOUT_MS, openWorld, type World } from "../support/world.ts";

const WHOLE = { viewers: 200, runs: 20, gatewayKills: 30, drops: 200, workerKills: 6 };
const SMALL = { viewers: 20, runs: 4, gatewayKills: 3, drops: 20, workerKills: 1 };
const { viewers: VIEWERS, runs: RUNS, ...PLAN } = ROUNDS > 1 ? WHOLE : SMALL;

const TURNS = 4;
const TURN_CHARS = 2800;
/** Each lost attempt costs the worst case of a call, about 0.07 USD. */
const CAP_MICRO_USD = 10_000_000;
const TASK = "Four turns, please.";
const RESUME_P95_MS = 1000;

let world: World;
let gateway: GatewayWorld;
const stopwatch = createStopwatch();

beforeAll(async () => {
  const env = {
    PAWL_RUN_CAP_USD: "10",
    PAWL_TENANT_DAY_CAP_USD: "10000",
    PAWL_RETRY_MAX_ATTEMPTS: "30",
    PAWL_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
  };
  world = await openWorld({ env, chunkDelayMs: 20 });
  await world.model.script(Array.from({ length: TURNS }, (_, turn) => replyAt(turn)).toReversed());
  gateway = await startGatewayWorld(world.env);
}, 180_000);
afterAll(async () => {
  stopwatch.report();
  await gateway?.kill();
  await world?.close();
}, 60_000);

/** The same for every attempt of a turn: it is known by the end of the reply before it. */
function replyAt(turn: number): object {
  const isLast = turn === TURNS - 1;
  return {
    match: { contains: turn === 0 ? TASK : `${turn - 1}.end` },
    times: 1_000_000,
    reply: {
      text: talk(turn),
      toolCalls: isLast ? [] : [{ name: "calculator", input: { expression: "1 + 1" } }],
    },
  };
}

/** No two pieces are alike, so that a gap and a double both show. */
function talk(turn: number): string {
  const pieces = Array.from({ length: TURN_CHARS / 14 }, (_, n) => `${turn}.${n} tooth 😀, `);
  return `${pieces.join("")}${turn}.end`;
}

const random = (max: number): number => 1 + Math.floor(Math.random() * max);

interface Seat {
  readonly runId: string;
  readonly viewer: Viewer;
  stream: SseStream | null;
  /** How often it has come back behind an event it had seen. */
  resumed: number;
}

const resumeMs: number[] = [];
/** Until then nobody may write: what a viewer waits for is not the gateway. */
let quietUntilMs = 0;

/** As a browser does it: whenever the connection is lost, again, behind the last event. */
async function sit(seat: Seat): Promise<void> {
  const { runId, viewer } = seat;
  while (viewer.result === null) {
    const after = viewer.lastId;
    const askedMs = Date.now();
    let isFirst = after !== undefined;
    const stream = await openSse(`${gateway.url}/v1/runs/${runId}/events`, {
      after,
      onEvent: (event) => {
        if (isFirst && askedMs > quietUntilMs) resumeMs.push(Date.now() - askedMs);
        isFirst = false;
        viewer.see(event);
      },
    }).catch(() => null);
    if (stream === null) {
      await until("the gateway answers again", () =>
        fetch(`${gateway.url}/health`).then(
          () => true,
          () => false,
        ),
      );
      continue;
    }
    expect(stream.status).toBe(200);
    seat.stream = stream;
    if (after !== undefined) seat.resumed += 1;
    const end = await stream.ended;
    expect(end === "finished").toBe(viewer.result !== null);
  }
}

interface Left {
  gatewayKills: number;
  drops: number;
  workerKills: number;
}

/** One thing after another is taken away, until all viewers have seen the end. */
async function havoc(seats: readonly Seat[], left: Left, start: Process): Promise<Process> {
  let worker = start;
  const isOver = (): boolean => seats.every(({ viewer }) => viewer.result !== null);
  const told = (): number => seats.reduce((sum, { viewer }) => sum + viewer.charsTold, 0);
  while (!isOver() && left.gatewayKills + left.drops + left.workerKills > 0) {
    const aim = told() + random(seats.length * 250);
    await until("there is text to cut", () => told() >= aim || isOver(), 600_000);
    const drops = Math.min(left.drops, random(Math.ceil(seats.length / 10)));
    for (let n = 0; n < drops; n += 1) seats[random(seats.length) - 1]?.stream?.drop();
    left.drops -= drops;
    if (left.gatewayKills > 0) {
      await gateway.kill();
      left.gatewayKills -= 1;
      await gateway.start();
    }
    if (left.workerKills > 0 && left.gatewayKills % 5 === 2) {
      quietUntilMs = Infinity;
      await worker.kill();
      left.workerKills -= 1;
      worker = await world.startWorker();
      quietUntilMs = Date.now() + HEARTBEAT_TIMEOUT_MS + 3000;
    }
  }
  return worker;
}

test(
  "S1: through all kills of gateways, workers and connections each viewer shows the transcript: no gap, no double, no reorder",
  async () => {
    const left: Left = { ...PLAN };
    let worker = await world.startWorker();
    let resumed = 0;
    while (left.gatewayKills > 0) {
      const started = Array.from({ length: RUNS }, () =>
        world.client.start({
          task: TASK,
          tenant: "chaos",
          session: "chaos",
          limits: { costMicroUsd: CAP_MICRO_USD },
        }),
      );
      const runIds = (await Promise.all(started)).map(({ runId }) => runId);
      const seats: Seat[] = Array.from({ length: VIEWERS }, (_, n) => ({
        runId: runIds[n % RUNS] ?? "",
        viewer: openViewer(),
        stream: null,
        resumed: 0,
      }));
      const sitting = Promise.all(seats.map(sit));
      worker = await havoc(seats, left, worker);
      await sitting;
      for (const { viewer } of seats) {
        viewer.expectNoGapAndNoDouble();
        expect(viewer.ids).toEqual(viewer.ids.toSorted(byPlace));
        expect(viewer.result?.answer).toBe(talk(TURNS - 1));
      }
      for (const runId of runIds) await endedWithRightMoney(world, runId, CAP_MICRO_USD);
      resumed += seats.reduce((sum, seat) => sum + seat.resumed, 0);
    }
    expect(resumed).toBeGreaterThan(VIEWERS);
    for (const ms of resumeMs) stopwatch.record("from coming back to the first event", ms);
    const p95 = resumeMs.toSorted((a, b) => a - b)[Math.floor(resumeMs.length * 0.95)] ?? 0;
    if (ROUNDS > 1) expect(p95).toBeLessThanOrEqual(RESUME_P95_MS);
  },
  patience(PLAN.gatewayKills + PLAN.workerKills),
);

function byPlace(a: string, b: string): number {
  return compareEventIds(parseEventId(a), parseEventId(b));
}
