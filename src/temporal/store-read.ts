// A question that the server can't answer from memory: who describes a run that never was makes it look into its
// store, in another part of it each time. A description of a queue, a namespace or the server itself does not.

import type { WorkflowService } from "@temporalio/client";
import { namespaceFault } from "../domain/environment-fault.ts";

const NOT_FOUND = 5;

/** Throws where the store does not answer, or the server. */
export async function readStore(service: WorkflowService, namespace: string): Promise<void> {
  const workflowId = `look_${crypto.randomUUID()}`;
  try {
    await service.describeWorkflowExecution({ namespace, execution: { workflowId } });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const fault = namespaceFault(error);
    if (fault !== null) throw fault;
    if ("code" in error && error.code === NOT_FOUND) return;
    throw error;
  }
}
