// One run at a time: what a turn costs above the plain API call, Pawl and the bare loop by turns.

import { medianOf } from "./median.ts";
import type { Stage } from "./stage.ts";
import type { Turns } from "./turns.ts";

export interface OneRun {
  readonly rawMs: number;
  readonly pawl: Turns;
  readonly bare: Turns;
  /** Of Pawl's time a turn to the bare loop's, both above the plain call: median of the rounds. */
  readonly ratio: number;
}

export async function measureOneRun(
  stage: Stage,
  { rounds, turns }: { readonly rounds: number; readonly turns: number },
): Promise<OneRun> {
  const seen: { raw: number; pawl: Turns; bare: Turns }[] = [];
  await stage.raw(turns);
  await stage.bare(turns);
  for (let round = 0; round < rounds; round += 1) {
    const pawlFirst = round % 2 === 0;
    const first = await (pawlFirst ? stage.pawl(turns) : stage.bare(turns));
    const raw = await stage.raw(turns);
    const second = await (pawlFirst ? stage.bare(turns) : stage.pawl(turns));
    seen.push({ raw, pawl: pawlFirst ? first : second, bare: pawlFirst ? second : first });
  }
  return {
    rawMs: medianOf(seen.map(({ raw }) => raw)),
    pawl: medianTurns(seen.map(({ pawl }) => pawl)),
    bare: medianTurns(seen.map(({ bare }) => bare)),
    ratio: medianOf(
      seen.map(({ raw, pawl, bare }) => (pawl.msPerTurn - raw) / (bare.msPerTurn - raw)),
    ),
  };
}

function medianTurns(turns: readonly Turns[]): Turns {
  return {
    msPerTurn: medianOf(turns.map(({ msPerTurn }) => msPerTurn)),
    eventsPerTurn: medianOf(turns.map(({ eventsPerTurn }) => eventsPerTurn)),
    workflowTasksPerTurn: medianOf(turns.map((each) => each.workflowTasksPerTurn)),
  };
}
