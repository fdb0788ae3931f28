// Many runs at once: how many turns a second one worker gets done, and what a turn costs each process in
// processor time, Pawl's and the bare loop's by turns.

import { BARE_TASK_QUEUE } from "./bare/task-queue.ts";
import { medianOf } from "./median.ts";
import { mapped, perTurn, readProcessor, sumOf, type Pids, type ProcessorMs } from "./processor.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface Loop {
  readonly turnsPerS: number;
  /** A turn. */
  readonly processorMs: ProcessorMs;
}

export interface ManyRuns {
  readonly pawl: Loop;
  readonly bare: Loop;
  /** Of Pawl's to the bare loop's: medians of the rounds. */
  readonly speedRatio: number;
  readonly processorRatio: number;
}

export interface ManyRunsOptions {
  readonly runs: number;
  readonly turns: number;
  readonly rounds: number;
}

export async function measureManyRuns(stage: Stage, options: ManyRunsOptions): Promise<ManyRuns> {
  const seen: { pawl: Loop; bare: Loop }[] = [];
  // The first round warms up, and is not counted.
  for (let round = -1; round < options.rounds; round += 1) {
    const pawlFirst = round % 2 === 0;
    const first = await (pawlFirst ? pawlLoop(stage, options) : bareLoop(stage, options));
    const second = await (pawlFirst ? bareLoop(stage, options) : pawlLoop(stage, options));
    if (round < 0) continue;
    seen.push(pawlFirst ? { pawl: first, bare: second } : { pawl: second, bare: first });
  }
  return {
    pawl: medianLoop(seen.map(({ pawl }) => pawl)),
    bare: medianLoop(seen.map(({ bare }) => bare)),
    speedRatio: medianOf(seen.map(({ pawl, bare }) => pawl.turnsPerS / bare.turnsPerS)),
    processorRatio: medianOf(
      seen.map(({ pawl, bare }) => sumOf(pawl.processorMs) / sumOf(bare.processorMs)),
    ),
  };
}

function medianLoop(loops: readonly Loop[]): Loop {
  return {
    turnsPerS: medianOf(loops.map(({ turnsPerS }) => turnsPerS)),
    processorMs: mapped((part) => medianOf(loops.map(({ processorMs }) => processorMs[part]))),
  };
}

async function pawlLoop(stage: Stage, options: ManyRunsOptions): Promise<Loop> {
  const { client } = stage.world;
  const { runs, turns } = options;
  const labels = Array.from({ length: runs }, newLabel);
  await stage.script(labels.map((label) => ({ label, turns })));
  return await measured(stage.pids, options, async () => {
    const started = labels.map((task) => client.start({ task, tenant: "bench", session: task }));
    const results = await Promise.all(
      started.map(async (receipt) => client.result((await receipt).runId)),
    );
    for (const { outcome } of results) {
      if (outcome.kind !== "answered") throw new Error(`Pawl's run: ${JSON.stringify(outcome)}`);
    }
  });
}

async function bareLoop(stage: Stage, options: ManyRunsOptions): Promise<Loop> {
  const pids = { ...stage.pids, worker: stage.bareWorkerPid };
  return await measured(pids, options, async () => {
    const ended = Array.from({ length: options.runs }, () =>
      stage.client.workflow.execute("bareLoop", {
        workflowId: newLabel(),
        taskQueue: BARE_TASK_QUEUE,
        args: [options.turns],
      }),
    );
    await Promise.all(ended);
  });
}

async function measured(
  pids: Pids,
  { runs, turns }: ManyRunsOptions,
  work: () => Promise<void>,
): Promise<Loop> {
  const before = readProcessor(pids);
  const startedAt = performance.now();
  await work();
  const turnsPerS = (runs * turns * 1000) / (performance.now() - startedAt);
  return { turnsPerS, processorMs: perTurn(before, readProcessor(pids), runs * turns) };
}
