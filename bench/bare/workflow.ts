// The measure of things: Temporal with nothing of ours. Two activities a turn, as an agent loop written
// by hand has them: one asks the model, the other is the tool.

import { proxyActivities } from "@temporalio/workflow";
import type { BareActivities } from "./activities.ts";

const { ask, calculate } = proxyActivities<BareActivities>({ startToCloseTimeout: "60s" });

export async function bareLoop(turns: number): Promise<number> {
  let sum = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    await ask(turn);
    sum += await calculate(turn);
  }
  return sum;
}
