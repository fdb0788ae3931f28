// What Temporal says of a run or a batch that left no word of its end.

import type { NativeConnection } from "@temporalio/worker";
import type { Fate } from "../store/retention-pass.ts";

interface Asked {
  readonly workflowService: Pick<
    NativeConnection["workflowService"],
    "describeWorkflowExecution" | "describeNamespace"
  >;
}

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
      const seconds = info?.closeTime?.seconds;
      // Only what has been closed has a time of it.
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
