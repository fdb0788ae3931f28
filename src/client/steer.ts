// What all requests to a run in flight share: which refusal of Temporal means what.

import type { WorkflowHandle } from "@temporalio/client";
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

export function runEnded(runId: string, cause?: unknown): PawlError {
  return new PawlError("RUN_ENDED", `The run ${runId} has already ended.`, { cause });
}
