// Runs that wait for a person: what they cost a worker in memory.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { until } from "../test/support/processes.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface ParkedRuns {
  readonly runs: number;
  readonly idleMb: number;
  readonly parkedMb: number;
  readonly kbPerRun: number;
}

/** Starts at once; more would only queue up in front of Temporal. */
const STARTS_AT_ONCE = 25;
const DEADLINE_MS = 600_000;

/** Each run meets the provider's spend limit at its first call, and waits for somebody to raise it. */
export async function measureParkedRuns(stage: Stage, runs: number): Promise<ParkedRuns> {
  const { world } = stage;
  // A worker of its own: one that has worked keeps the memory of its work.
  await stage.worker.stop();
  const worker = await world.startWorker();
  await stage.pawl(2);
  const idleMb = await residentMb(worker.pid);
  const waitingBefore = await countWaiting(stage);
  await world.model.faults([{ kind: "spend_limit", times: runs }]);
  for (let started = 0; started < runs; started += STARTS_AT_ONCE) {
    const batch = Array.from({ length: Math.min(STARTS_AT_ONCE, runs - started) }, () =>
      world.client.start({
        task: newLabel(),
        tenant: "bench",
        session: "parked",
        onLimit: "pause",
      }),
    );
    await Promise.all(batch);
  }
  const allWait = async (): Promise<boolean> => (await countWaiting(stage)) - waitingBefore >= runs;
  await until(`${runs} runs are parked`, allWait, DEADLINE_MS);
  const parkedMb = await residentMb(worker.pid);
  return { runs, idleMb, parkedMb, kbPerRun: ((parkedMb - idleMb) * 1024) / runs };
}

async function countWaiting({ client }: Stage): Promise<number> {
  return (await client.workflow.count(`PawlStatus = "waiting"`)).count;
}

async function residentMb(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) / 1024;
}
