// Ends the parts that a supervisor left behind, each by its pid and mark, in the order in which a
// supervisor ends them: a worker may be in the middle of a reply that is paid for.

import { rmSync } from "node:fs";
import { ENDING_ORDER, STOP_GRACE_MS } from "./part.ts";
import { endProcess } from "./process-mark.ts";
import { livingChildren, stateFiles } from "./stack-state.ts";

/** Whether there were any. The caller holds the lock of the folder, or has ended who held it. */
export async function endLeftovers(stateDir: string): Promise<boolean> {
  const living = livingChildren(stateDir);
  for (const names of ENDING_ORDER) {
    await Promise.all(
      names.map(async (name) => {
        const mark = living.get(name);
        if (mark !== undefined) await endProcess(mark, STOP_GRACE_MS[name]);
      }),
    );
  }
  rmSync(stateFiles(stateDir).children, { force: true });
  return living.size > 0;
}
