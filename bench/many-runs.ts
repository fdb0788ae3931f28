// Many runs at once: how many turns a second one worker gets done, Pawl's and the bare loop's by turns.

import { BARE_TASK_QUEUE } from "./bare/task-queue.ts";
import { medianOf } from "./median.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface ManyRuns {
  readonly pawlTurnsPerS: number;
  readonly bareTurnsPerS: number;
  /** Of Pawl's turns a second to the bare loop's: median of the rounds. */
  readonly ratio: number;
}

export interface ManyRunsOptions {
  readonly runs: number;
  readonly turns: number;
  readonly rounds: number;
}

export async function measureManyRuns(stage: Stage, options: ManyRunsOptions): Promise<ManyRuns> {
  const seen: { pawl: number; bare: number }[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    if (round % 2 === 0) {
      const pawl = await pawlTurnsPerS(stage, options);
      seen.push({ pawl, bare: await bareTurnsPerS(stage, options) });
    } else {
      const bare = await bareTurnsPerS(stage, options);
      seen.push({ pawl: await pawlTurnsPerS(stage, options), bare });
    }
  }
  return {
    pawlTurnsPerS: medianOf(seen.map(({ pawl }) => pawl)),
    bareTurnsPerS: medianOf(seen.map(({ bare }) => bare)),
    ratio: medianOf(seen.map(({ pawl, bare }) => pawl / bare)),
  };
}

async function pawlTurnsPerS(stage: Stage, options: ManyRunsOptions): Promise<number> {
  const { world } = stage;
  const { runs, turns } = options;
  const labels = Array.from({ length: runs }, newLabel);
  await stage.script(labels.map((label) => ({ label, turns })));
  return await turnsPerS(options, async () => {
    const started = labels.map((task) =>
      world.client.start({ task, tenant: "bench", session: task }),
    );
    const results = await Promise.all(
      started.map(async (receipt) => world.client.result((await receipt).runId)),
    );
    for (const { outcome } of results) {
      if (outcome.kind !== "answered") throw new Error(`Pawl's run: ${JSON.stringify(outcome)}`);
    }
  });
}

async function bareTurnsPerS({ client }: Stage, options: ManyRunsOptions): Promise<number> {
  return await turnsPerS(options, async () => {
    const ended = Array.from({ length: options.runs }, () =>
      client.workflow.execute("bareLoop", {
        workflowId: newLabel(),
        taskQueue: BARE_TASK_QUEUE,
        args: [options.turns],
      }),
    );
    await Promise.all(ended);
  });
}

async function turnsPerS(
  { runs, turns }: ManyRunsOptions,
  work: () => Promise<void>,
): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (runs * turns * 1000) / (performance.now() - startedAt);
}
