// Runs whose tools do something in the world, or ask a person before they do.

import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOrder } from "../../src/client/run-order.ts";
import { undoIdOf } from "../../src/temporal/names.ts";
import { until } from "../support/processes.ts";
import { answerTo, askingCalls } from "../support/questions.ts";
import { PATIENT } from "../support/run-bench.ts";
import type { World } from "../support/world.ts";
import { calls, done, held, start } from "./words.ts";

const BOOKINGS = join(tmpdir(), `pawl-replay-${process.pid}.bookings`);

/** Three bookings, one of which can't be taken back. */
export async function booked(world: World, order: Partial<RunOrder> = {}): Promise<string> {
  await writeFile(BOOKINGS, "");
  const book = (input: object) => calls({ name: "book", input });
  const locked = { what: 2, isLocked: true };
  await world.model.script([
    ...[book({ what: 1 }), book(locked), book({ what: 3 })],
    { ...done, hold: true },
  ]);
  const runId = await start(world, { agent: "booker", ...order });
  await held(world, runId);
  await world.client.cancel(runId);
  await world.client.result(runId, AbortSignal.timeout(60_000));
  if (order.onFailure !== "keep") await rm(BOOKINGS);
  return runId;
}

export async function undone(world: World): Promise<string> {
  const runId = await booked(world, { onFailure: "keep" });
  await world.client.undo(runId, "ann");
  const watch = world.client.watchUndo(runId, AbortSignal.timeout(60_000));
  for (let step = await watch.next(); step.done !== true;) step = await watch.next();
  await rm(BOOKINGS);
  return undoIdOf(runId, 1);
}

export const BOOKS = {
  workerMain: "test/support/saga-worker.mjs",
  workerEnv: { BOOKINGS },
};

const NOTES = join(tmpdir(), `pawl-replay-${process.pid}.notes`);

export async function questioned(world: World): Promise<string> {
  await writeFile(NOTES, "");
  const seat = (guests: number, isSure: boolean) => ({ name: "seat", input: { guests, isSure } });
  await world.model.script([calls(seat(2, false), seat(3, true)), done]);
  const runId = await start(world, { agent: "steward" });
  const [first, second = first] = await askingCalls(world.client, runId, 2);
  await world.client.answer(runId, answerTo(second, { place: { action: "decline" } }));
  await world.client.answer(runId, answerTo(first));
  const again = await until("it asks again", async () => {
    const [asking] = await askingCalls(world.client, runId, 1);
    return asking.round === 2 && asking;
  });
  await world.client.answer(runId, answerTo(again, { sure: { action: "accept" } }));
  await world.client.result(runId, AbortSignal.timeout(60_000));
  await rm(NOTES, { force: true });
  return runId;
}

export const STEWARD = {
  workerMain: "test/support/asking-worker.mjs",
  workerEnv: { ...PATIENT, NOTES, PAWL_HISTORY_MAX_EVENTS: "20" },
};
