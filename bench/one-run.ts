// One run at a time: how long a turn takes, Pawl's and the bare loop's by turns, the plain API call beside them.

import { medianOf } from "./median.ts";
import type { Stage } from "./stage.ts";
import type { Turns } from "./turns.ts";

export interface OneRun {
  readonly rawMs: number;
  readonly pawl: Turns;
  readonly bare: Turns;
  /** Of Pawl's time a turn to the bare loop's: median of the rounds. */
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
    ratio: medianOf(seen.map(({ pawl, bare }) => pawl.msPerTurn / bare.msPerTurn)),
  };
}

function medianTurns(turns: readonly Turns[]): Turns {
  return {
    msPerTurn: medianOf(turns.map(({ msPerTurn }) => msPerTurn)),
    eventsPerTurn: medianOf(turns.map(({ eventsPerTurn }) => eventsPerTurn)),
    workflowTasksPerTurn: medianOf(turns.map((each) => each.workflowTasksPerTurn)),
  };
}
