// A decision on its way to the run. Repeating one is safe: it is one update to Temporal, known by what
// it says. Edited arguments are held against the tool's schema before anything is sent.

import { createHash } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Client } from "@temporalio/client";
import type { DecidedApproval, Decision } from "../domain/approval.ts";
import { DECIDE_UPDATE } from "../temporal/names.ts";
import { callKeyOf } from "../domain/tool-call.ts";
import { isErrorCode, PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { readApproval } from "./approvals.ts";
import { backendError, isNotFound, isPassing } from "./backend-error.ts";
import { pause } from "./histories.ts";
import type { RunSources } from "./read-run.ts";
import { runEnded } from "./steer.ts";

/** For a worker to take it. Without one Temporal keeps no decision, and says nothing. */
const PATIENCE_MS = 30_000;
const ATTEMPT_MS = 10_000;
const AGAIN_MS = { first: 100, max: 2000 } as const;
const REASON_CHARS_MAX = 2000;
const NAME_CHARS_MAX = 200;
const EDIT_BYTES_MAX = 256 * 1024;

/** Throws PawlError: APPROVAL_… where the decision does not count, TOOL_INPUT_INVALID for an edit. */
export async function decide(
  sources: RunSources,
  runId: string,
  decision: Decision,
): Promise<DecidedApproval> {
  const usable = usableDecision(decision);
  if (usable.editedInput !== undefined) await checkEdit(sources, runId, usable);
  const updateId = updateIdOf(runId, usable);
  const deadline = Date.now() + PATIENCE_MS;
  let againMs: number = AGAIN_MS.first;
  while (true) {
    try {
      return await send(sources.client, runId, updateId, usable);
    } catch (error) {
      const known = await whatItMeans(sources.client, runId, error);
      // oxlint-disable-next-line typescript/only-throw-error -- as it came, where nothing is known of it
      if (known !== null) throw known;
      if (Date.now() + againMs > deadline) throw undecided(runId, error);
      await pause(againMs);
      againMs = Math.min(againMs * 2, AGAIN_MS.max);
    }
  }
}

/** The same words on another call, or on other arguments, are another update. */
function updateIdOf(runId: string, decision: Decision): string {
  const { callId, argsDigest } = decision;
  const said = createHash("sha256").update(JSON.stringify(decision)).digest("hex");
  return `${callKeyOf(runId, callId)}/${argsDigest.slice(0, 16)}/${said.slice(0, 32)}`;
}

async function send(
  client: Client,
  runId: string,
  updateId: string,
  decision: Decision,
): Promise<DecidedApproval> {
  return await client.withDeadline(Date.now() + ATTEMPT_MS, () =>
    client.workflow
      .getHandle(runId)
      .executeUpdate<DecidedApproval, [Decision]>(DECIDE_UPDATE, { args: [decision], updateId }),
  );
}

/** Fields in one order, so that the same decision has the same id; texts no longer than people read. */
function usableDecision(decision: Decision): Decision {
  const { callId, verdict, argsDigest, editedInput, always, by, reason } = decision;
  const editBytes = editedInput === undefined ? 0 : Buffer.byteLength(JSON.stringify(editedInput));
  if (editBytes > EDIT_BYTES_MAX) {
    const message = `The edited arguments have ${editBytes} bytes; ${EDIT_BYTES_MAX} are possible.`;
    throw new PawlError("REQUEST_TOO_LARGE", message);
  }
  if (verdict === "deny" && (editedInput !== undefined || always === true)) {
    throw new PawlError("USAGE", "A denial takes no edited arguments, and is never for always.");
  }
  const cut = (text: string, max: number): string => text.slice(0, max).toWellFormed();
  return {
    callId,
    verdict,
    argsDigest,
    ...present({ editedInput }),
    ...(always === true ? { always } : {}),
    by: cut(by, NAME_CHARS_MAX),
    ...(reason === undefined || reason === "" ? {} : { reason: cut(reason, REASON_CHARS_MAX) }),
  };
}

async function checkEdit(
  sources: RunSources,
  runId: string,
  { callId, argsDigest, editedInput }: Decision,
): Promise<void> {
  const shown = await readApproval(sources, runId, callId);
  if (shown.argsDigest !== argsDigest) {
    const message = `The decision names other arguments than those the call ${callId} waits with.`;
    throw new PawlError("APPROVAL_MISMATCH", message);
  }
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    validateFormats: false,
    logger: false,
  });
  if (ajv.validate(shown.inputSchema, editedInput)) return;
  const problems = ajv.errorsText(ajv.errors, { dataVar: "arguments" });
  throw new PawlError(
    "TOOL_INPUT_INVALID",
    `The edited arguments don't match the schema of ${shown.tool}: ${problems}.`,
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

/** The run's own words on why the decision does not count. */
function refusalIn(error: unknown): PawlError | null {
  if (nameOf(error) !== "WorkflowUpdateFailedError" || !(error instanceof Error)) return null;
  const { cause } = error;
  const type = cause instanceof Error && "type" in cause ? cause.type : undefined;
  if (cause instanceof Error && typeof type === "string" && isErrorCode(type)) {
    return new PawlError(type, cause.message, { cause: error });
  }
  return null;
}

function undecided(runId: string, cause: unknown): PawlError {
  return new PawlError(
    "BACKEND_UNREACHABLE",
    `No worker took the decision on ${runId} within ${PATIENCE_MS / 1000} s; it may be repeated.`,
    { cause },
  );
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
