// What all requests to a run in flight share: which refusal of Temporal means what.

import type { WorkflowHandle } from "@temporalio/client";
import { isBatchId } from "../domain/batch.ts";
import { PawlError } from "../domain/errors.ts";
import { backendError, isNotFound } from "./backend-error.ts";

export async function asked<T>(request: Promise<T>, runId?: string): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw backendError(error, runId);
  }
}

/** Temporal says of a run that is over the same as of one that never was. */
export async function told(
  handle: WorkflowHandle,
  tell: (run: WorkflowHandle) => Promise<unknown>,
): Promise<void> {
  const runId = handle.workflowId;
  try {
    await tell(handle);
  } catch (error) {
    if (!isNotFound(error)) throw backendError(error, runId);
    await asked(handle.describe(), runId);
    throw runEnded(runId, error);
  }
}

/** A batch would take the signal, and nobody would ever hear it. */
export function ofRun(handle: WorkflowHandle): WorkflowHandle {
  const { workflowId } = handle;
  if (!isBatchId(workflowId)) return handle;
  throw new PawlError("RUN_NOT_FOUND", `${workflowId} is a batch: this can be said to its runs.`);
}

export function runEnded(runId: string, cause?: unknown): PawlError {
  return new PawlError("RUN_ENDED", `The run ${runId} has already ended.`, { cause });
}
