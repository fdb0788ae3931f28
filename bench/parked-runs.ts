// Runs that wait for a person: what each costs a worker in memory. The first few hundred warm it up, and are
// no price of a run; what counts is how much more it needs for the next ones, after a collection.

import { setTimeout as pause } from "node:timers/promises";
import { until, type Process } from "../test/support/processes.ts";
import { COLLECT, COLLECTED_AFTER_MS, COLLECTING, residentMb } from "./collected-memory.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface ParkedRuns {
  readonly few: number;
  readonly many: number;
  readonly idleMb: number;
  readonly fewMb: number;
  readonly manyMb: number;
  /** From `few` to `many`. */
  readonly kbPerRun: number;
}

/** Starts at once; more would only queue up in front of Temporal. */
const STARTS_AT_ONCE = 25;
const DEADLINE_MS = 900_000;
const COLLECTIONS = 3;

/** Each run meets the provider's spend limit at its first call, and waits for somebody to raise it. */
export async function measureParkedRuns(
  stage: Stage,
  { few, many }: Pick<ParkedRuns, "few" | "many">,
): Promise<ParkedRuns> {
  const { world } = stage;
  // A worker of its own: one that has worked keeps the memory of its work.
  await stage.worker.stop();
  const worker = await world.startWorker(COLLECTING);
  await stage.pawl(2);
  const idleMb = await keptMb(worker);
  const before = await countWaiting(stage);
  await park(stage, { more: few, inAll: before + few });
  const fewMb = await keptMb(worker);
  await park(stage, { more: many - few, inAll: before + many });
  const manyMb = await keptMb(worker);
  return { few, many, idleMb, fewMb, manyMb, kbPerRun: ((manyMb - fewMb) * 1024) / (many - few) };
}

async function park(
  stage: Stage,
  { more, inAll }: { readonly more: number; readonly inAll: number },
): Promise<void> {
  const { client, model } = stage.world;
  await model.faults([{ kind: "spend_limit", times: more }]);
  for (let started = 0; started < more; started += STARTS_AT_ONCE) {
    const batch = Array.from({ length: Math.min(STARTS_AT_ONCE, more - started) }, () =>
      client.start({ task: newLabel(), tenant: "bench", session: "parked", onLimit: "pause" }),
    );
    await Promise.all(batch);
  }
  const allWait = async (): Promise<boolean> => (await countWaiting(stage)) >= inAll;
  await until(`${inAll} runs are parked`, allWait, DEADLINE_MS);
}

async function countWaiting({ client }: Stage): Promise<number> {
  return (await client.workflow.count(`PawlStatus = "waiting"`)).count;
}

async function keptMb(worker: Process): Promise<number> {
  for (let round = 0; round < COLLECTIONS; round += 1) {
    worker.signal(COLLECT);
    await pause(COLLECTED_AFTER_MS);
  }
  return residentMb(worker.pid);
}
