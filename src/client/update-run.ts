// An update of a run: what must be refused in time, or answered. Repeating one is safe, since Temporal knows it by
// its id; it is repeated until a worker takes it, and not for ever.

import type { Client } from "@temporalio/client";
import { isErrorCode, PawlError } from "../domain/errors.ts";
import { backendError, isNotFound, isPassing } from "./backend-error.ts";
import { pause } from "./histories.ts";
import { runEnded } from "./steer.ts";

/** For a worker to take it. Without one Temporal keeps no update, and says nothing. */
const PATIENCE_MS = 30_000;
const ATTEMPT_MS = 10_000;
const AGAIN_MS = { first: 100, max: 2000 } as const;

export interface RunUpdate {
  readonly runId: string;
  readonly name: string;
  readonly updateId: string;
  readonly argument: unknown;
  /** For people, where nobody takes it: "the decision". */
  readonly what: string;
}

/** Throws PawlError: the run's own words where it refuses. */
export async function updateRun<Answer>(client: Client, update: RunUpdate): Promise<Answer> {
  const { runId } = update;
  const deadline = Date.now() + PATIENCE_MS;
  let againMs: number = AGAIN_MS.first;
  while (true) {
    try {
      return await send<Answer>(client, update);
    } catch (error) {
      const known = await whatItMeans(client, runId, error);
      // oxlint-disable-next-line typescript/only-throw-error -- as it came, where nothing is known of it
      if (known !== null) throw known;
      if (Date.now() + againMs > deadline) throw untaken(update, error);
      await pause(againMs);
      againMs = Math.min(againMs * 2, AGAIN_MS.max);
    }
  }
}

async function send<Answer>(
  client: Client,
  { runId, name, updateId, argument }: RunUpdate,
): Promise<Answer> {
  return await client.withDeadline(Date.now() + ATTEMPT_MS, () =>
    client.workflow
      .getHandle(runId)
      .executeUpdate<Answer, [unknown]>(name, { args: [argument], updateId }),
  );
}

/** Null where the same may succeed in a moment. */
async function whatItMeans(client: Client, runId: string, error: unknown): Promise<unknown> {
  const refusal = refusalIn(error);
  if (refusal !== null) return refusal;
  if (isNotFound(error)) {
    try {
      await client.workflow.getHandle(runId).describe();
    } catch (cause) {
      return isPassing(cause) ? null : backendError(cause, runId);
    }
    return runEnded(runId, error);
  }
  if (nameOf(error) === "WorkflowUpdateRPCTimeoutOrCancelledError" || isPassing(error)) return null;
  return backendError(error, runId);
}

/** The run's own words on why it does not count. */
function refusalIn(error: unknown): PawlError | null {
  if (nameOf(error) !== "WorkflowUpdateFailedError" || !(error instanceof Error)) return null;
  const { cause } = error;
  const type = cause instanceof Error && "type" in cause ? cause.type : undefined;
  if (cause instanceof Error && typeof type === "string" && isErrorCode(type)) {
    return new PawlError(type, cause.message, { cause: error });
  }
  return null;
}

function untaken({ runId, what }: RunUpdate, cause: unknown): PawlError {
  return new PawlError(
    "BACKEND_UNREACHABLE",
    `No worker took ${what} on ${runId} within ${PATIENCE_MS / 1000} s; it may be repeated.`,
    { cause },
  );
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
