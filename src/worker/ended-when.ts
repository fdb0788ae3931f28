// What Temporal says of a run or a batch that left no word of its end.

import type { NativeConnection } from "@temporalio/worker";
import type { Fate } from "../store/retention-pass.ts";

interface Asked {
  readonly workflowService: Pick<
    NativeConnection["workflowService"],
    "describeWorkflowExecution" | "describeNamespace"
  >;
}

const RUNNING = 1;
const NOT_FOUND = 5;

/** Of the latest execution under the id. Throws where Temporal can't be asked. */
export function fatesIn(
  { workflowService }: Asked,
  namespace: string,
): (workflowId: string) => Promise<Fate> {
  return async (workflowId) => {
    try {
      const { workflowExecutionInfo: info } = await workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId },
      });
      if (info?.status === RUNNING) return { kind: "open" };
      const seconds = info?.closeTime?.seconds;
      // One that is neither running nor closed is none that we know how to judge.
      return seconds === null || seconds === undefined
        ? { kind: "open" }
        : { kind: "ended", atMs: Number(seconds) * 1000 };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === NOT_FOUND)) throw error;
      // It says the same of a namespace that is not there, and then knows of no run at all.
      await workflowService.describeNamespace({ namespace });
      return { kind: "forgotten" };
    }
  };
}
