// Takes back what a run did that has ended: on a person's word, one effect at a time, the last first. A workflow of
// its own, since an ended history takes no more events; its id follows from the run's, so that it runs once.

import { CancellationScope } from "@temporalio/workflow";
import { nextToUndo, notCompensated, withUndone, type Effect } from "../src/domain/effect.ts";
import { undoFrom, type UndoOrder } from "../src/domain/run/parse-undo.ts";
import { books } from "./bookkeeper.ts";
import { usableInput } from "./input.ts";
import { takenBack } from "./run/compensate.ts";

export async function undoRun(given: unknown): Promise<readonly Effect[]> {
  const order = usableInput(given, undoFrom);
  return await CancellationScope.nonCancellable(() => undoAll(order));
}

async function undoAll(order: UndoOrder): Promise<readonly Effect[]> {
  const { runId, tenant, outcome, timers, tools } = order;
  let { effects } = order;
  for (let next = nextToUndo(effects); next !== null; next = nextToUndo(effects)) {
    const { undo: _, ...effect } = next;
    const tool = tools.find(({ name }) => name === effect.tool);
    const input = { runId, tenant, effect, outcome };
    const done =
      tool === undefined
        ? notCompensated(effect.callId, `nothing is known of the tool ${effect.tool}`)
        : await takenBack(input, { tool, timers });
    effects = withUndone(effects, done);
  }
  await books("what was undone, into the run's record").recordUndo({ runId, effects });
  return effects;
}
