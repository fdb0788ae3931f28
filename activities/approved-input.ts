// The arguments that a tool is executed with: those of the model, or what a person put in their place.
// A decision is bound to a digest, and it is looked at once more where the arguments lie.

import { argsDigest } from "../src/domain/args-digest.ts";
import { present } from "../src/domain/present.ts";
import type { Clearance } from "../src/domain/tool-call.ts";
import { previewOf } from "./preview.ts";
import { withPreface, type ToolOutput } from "./tools/tool-output.ts";

const EDIT_SHOWN_CHARS = 2000;

/** Throws where the call is not the one that was approved: a broken invariant of ours. */
export function approvedInput(
  callId: string,
  input: unknown,
  clearance: Clearance | undefined,
): unknown {
  const approved = clearance?.argsDigest;
  if (approved !== undefined && approved !== argsDigest(input)) {
    throw new Error(`the call ${callId} has other arguments than those that were approved`);
  }
  return clearance?.editedInput ?? input;
}

/** The model must know what was really done. */
export function withEditNote(output: ToolOutput, clearance: Clearance | undefined): ToolOutput {
  if (clearance?.editedInput === undefined) return output;
  const args = previewOf(clearance.editedInput, EDIT_SHOWN_CHARS);
  return withPreface(
    output,
    `[A person approved this call with other arguments. It was executed with: ${args}]`,
  );
}

/** What the tool said itself. */
export function withoutEditNote(text: string, editedInput: Clearance["editedInput"]): string {
  return editedInput === undefined ? text : text.slice(text.indexOf("\n") + 1);
}

/** To be told: why the call was made. */
export function verdictOf(clearance: Clearance | undefined) {
  if (clearance === undefined) return {};
  const { verdict, reason, by, editedInput } = clearance;
  return {
    verdict,
    reason,
    ...present({ by }),
    edited: editedInput !== undefined,
  };
}
