// A decision on its way to the run. Repeating one is safe: it is one update to Temporal, known by what
// it says. Edited arguments are held against the tool's schema before anything is sent.

import { createHash } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { DecidedApproval, Decision } from "../domain/approval.ts";
import { DECIDE_UPDATE } from "../temporal/names.ts";
import { callKeyOf } from "../domain/tool-call.ts";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { readApproval } from "./approvals.ts";
import type { RunSources } from "./read-run.ts";
import { updateRun } from "./update-run.ts";

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
  return await updateRun<DecidedApproval>(sources.client, {
    runId,
    name: DECIDE_UPDATE,
    updateId: updateIdOf(runId, usable),
    argument: usable,
    what: "the decision",
  });
}

/** The same words on another call, or on other arguments, are another update. */
function updateIdOf(runId: string, decision: Decision): string {
  const { callId, argsDigest } = decision;
  const said = createHash("sha256").update(JSON.stringify(decision)).digest("hex");
  return `${callKeyOf(runId, callId)}/${argsDigest.slice(0, 16)}/${said.slice(0, 32)}`;
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
