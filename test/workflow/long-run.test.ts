// Long runs: what a turn adds to history, and that neither a fresh history nor a lost transcript can
// be seen in what the model is told. `PAWL_LONG_TURNS=100` is the full length.

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { createTranscripts } from "../../src/store/transcripts.ts";
import { headOf, mean, sizeOf, type HistorySize } from "../support/history-size.ts";
import { until, type Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const TURNS = Number(process.env["PAWL_LONG_TURNS"] ?? "40");
const TEXT_BYTES = 2048;
const ORDER = { task: "Do as the script says.", agent: "tester", tenant: "long", session: "long" };
const TIMEOUT_MS = 60_000 + TURNS * 4000;
/** Of events a history; a turn has 7, so that even 40 turns move on five times. */
const LOW_MARK = "40";

let world: World;
let worker: Process;
let plain: Finished;

interface Finished {
  readonly result: RunResult;
  readonly histories: readonly unknown[];
  /** What the model was told with the last request, ids of calls numbered. */
  readonly lastTold: string;
  /** Every message under the head that the last reply left, each verified by its hash. */
  readonly stored: string;
}

function replyOf(turn: number): object {
  const text = `Turn ${turn}. ${"A tooth at a time. ".repeat(200)}`.slice(0, TEXT_BYTES);
  return {
    reply: { text, toolCalls: [{ name: "inline_text", input: { bytes: TEXT_BYTES } }] },
  };
}

const REPLIES = Array.from({ length: TURNS - 1 }, (_, index) => replyOf(index + 1));
const ANSWER = { reply: { text: "Done." } };

beforeAll(async () => {
  world = await openWorld({
    workerMain: "test/support/tester-worker.mjs",
    chunkDelayMs: 0,
    env: {
      PAWL_RUN_CAP_USD: "1000",
      PAWL_TENANT_DAY_CAP_USD: "100000",
      PAWL_AGENT_MAX_CALLS: "1000",
      PAWL_AGENT_MAX_TOOL_CALLS: "1000",
      PAWL_AGENT_MAX_TOKENS: "1000000000",
      PAWL_AGENT_MAX_REQUEST_TOKENS: "900000",
      PAWL_HISTORY_MAX_EVENTS: "20000",
    },
  });
  worker = await world.startWorker();
  await world.model.script([...REPLIES, ANSWER]);
  const { runId } = await world.client.start(ORDER);
  plain = await finished(runId);
  await worker.stop();
  worker = await world.startWorker({ PAWL_HISTORY_MAX_EVENTS: LOW_MARK });
}, TIMEOUT_MS);
afterAll(() => world?.close());

async function finished(runId: string): Promise<Finished> {
  const result = await world.client.result(runId);
  const { histories } = await world.client.exportHistories(runId);
  const requests = await world.model.requests();
  const last = requests.findLast(({ runKey }) => runKey === runId);
  const chain = await createTranscripts(world.db, 1_000_000).load(runId, headOf(histories.at(-1)));
  return {
    result,
    histories,
    lastTold: withNumberedCalls(JSON.stringify(last?.body?.messages)),
    // The first is the snapshot, in which the marks differ.
    stored: withNumberedCalls(JSON.stringify(chain?.slice(1))),
  };
}

function withNumberedCalls(told: string): string {
  const numbers = new Map<string, number>();
  return told.replaceAll(/toolu_\w+/g, (id) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
    return `call ${numbers.get(id)}`;
  });
}

async function watched(runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of world.client.watch(runId)) events.push(event);
  return events;
}

function turnsIn(events: readonly RunEvent[], type: RunEvent["type"]): readonly unknown[] {
  return events
    .filter((event) => event.type === type)
    .map((event) => ("turn" in event ? event.turn : null));
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe("the history of a long run", () => {
  let size: HistorySize;

  beforeAll(() => {
    size = sizeOf(plain.histories[0]);
  });

  it("holds every turn and stays in one piece below its marks", () => {
    expect(plain.result).toMatchObject({ outcome: { kind: "answered" }, turns: TURNS });
    expect(plain.histories).toHaveLength(1);
    expect(size.turns).toHaveLength(TURNS);
    expect(plain.stored.length).toBeGreaterThan(TURNS * TEXT_BYTES);
  });

  it("grows by the same bytes in every turn, and by at most 8 events", () => {
    const inner = size.turns.slice(9, -1);
    const early = mean(inner.slice(0, 10).map(({ bytes }) => bytes));
    const late = mean(inner.slice(-10).map(({ bytes }) => bytes));
    expect(late / early).toBeGreaterThan(0.9);
    expect(late / early).toBeLessThan(1.1);
    expect(mean(inner.map(({ events }) => events))).toBeLessThanOrEqual(8);
  });

  it("has room for 100 turns in 1 MB", () => {
    const perTurn = mean(size.turns.slice(9, -1).map(({ bytes }) => bytes));
    const opening = size.bytes - size.turns.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(opening + 100 * perTurn).toBeLessThanOrEqual(1_000_000);
  });
});

describe("a run that moves to fresh histories", () => {
  let moved: Finished;
  let events: readonly RunEvent[];

  beforeAll(async () => {
    await world.model.script([...REPLIES, ANSWER]);
    const { runId } = await world.client.start(ORDER);
    events = await watched(runId);
    moved = await finished(runId);
  }, TIMEOUT_MS);

  it("R1: tells the model the same as a run with one history", () => {
    expect(moved.result).toMatchObject({ outcome: { kind: "answered" }, turns: TURNS });
    expect(moved.lastTold).toBe(plain.lastTold);
    expect(moved.stored).toBe(plain.stored);
  });

  it("R5: moves at least five times, each time between two turns", () => {
    const last = moved.histories.slice(0, -1).map((history) => sizeOf(history));
    expect(last.length).toBeGreaterThanOrEqual(5);
    const turns = moved.histories.reduce<number>((sum, h) => sum + sizeOf(h).turns.length, 0);
    expect(turns).toBe(TURNS);
  });

  it("is one gapless stream to a viewer", () => {
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(turnsIn(events, "turn.started")).toEqual(upTo(TURNS));
    expect(turnsIn(events, "reply.finished")).toEqual(upTo(TURNS));
    expect(turnsIn(events, "tool.finished")).toEqual(upTo(TURNS - 1));
    const moves = events.filter(
      (event) => event.type === "run.continued" && event.reason === "new_history",
    );
    expect(moves).toHaveLength(moved.histories.length - 1);
    expect(events.at(-1)).toMatchObject({ type: "run.ended", result: moved.result });
  });
});

describe("a run whose transcript is lost in the middle", () => {
  it(
    "R1: is told the same by a worker that restores it from all histories",
    async () => {
      const middle = Math.floor(TURNS / 2);
      const half = REPLIES.slice(0, middle);
      await world.model.script([
        ...half,
        { ...replyOf(middle + 1), hold: true },
        ...REPLIES.slice(middle),
        ANSWER,
      ]);
      const { runId } = await world.client.start(ORDER);
      await until(
        "the reply in the middle is on hold",
        async () =>
          (await world.model.requests()).some((r) => r.runKey === runId && r.state === "held"),
        TIMEOUT_MS,
      );
      await worker.kill();
      await world.db`truncate pawl.message, pawl.link`;
      await world.model.release();
      worker = await world.startWorker({ PAWL_HISTORY_MAX_EVENTS: LOW_MARK });
      const restored = await finished(runId);
      expect(restored.result).toMatchObject({ outcome: { kind: "answered" }, turns: TURNS });
      expect(worker.lines.filter((line) => line.includes("transcript_rebuilt"))).toHaveLength(1);
      expect(restored.lastTold).toBe(plain.lastTold);
      expect(restored.stored).toBe(plain.stored);
    },
    TIMEOUT_MS,
  );
});
