// A call that waits, as a person is asked about it: named, its arguments whole, and how to decide. Who shows
// arguments takes their digest: where it is not the one that the run names, nothing can be approved.

import type { PendingApproval } from "../domain/approval.ts";
import { argsDigest } from "../domain/args-digest.ts";
import { shownArguments } from "../domain/shown-arguments.ts";
import { shownCall, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";

export type AskedCall = Pick<
  PendingApproval,
  "callId" | "tool" | "argsDigest" | "reason" | "deadlineAt"
> & { readonly runId: string; readonly input: unknown };

export function isTrue({ input, argsDigest: named }: AskedCall): boolean {
  return argsDigest(input) === named;
}

/** All that is decided on: its lines may be thousands. */
export function argumentLines(call: AskedCall, columns?: number): readonly string[] {
  const { tool, input } = call;
  return [...indented(tool, input, columns), `    sha256 ${argsDigest(input)}`];
}

/** A terminal that does not know how wide it is says 0. */
export function indented(tool: string, input: unknown, columns = 0): readonly string[] {
  const width = columns > 0 ? columns - INDENT.length : undefined;
  return shownArguments(tool, input, width).map((line) => INDENT + line);
}

const INDENT = "    ";

/** What one can't decide on from here, and how else. */
export function notTrueText({ callId }: AskedCall): string {
  return `${callNumber(callId)} These are not the arguments that the run waits with: it can only be denied.`;
}

/** More is not shown in passing: what has left the screen was read by nobody. */
const LINES_IN_PASSING = 200;

/** Whether the question leaves nothing out; the same for every terminal, however wide. */
export function isWhole(call: AskedCall): boolean {
  return argumentLines(call).length <= LINES_IN_PASSING;
}

/** As it comes up while a run is watched. */
export function questionText(call: AskedCall, columns?: number): string {
  const { tool, reason, deadlineAt, callId } = call;
  const name = shownCall(call);
  const lines = argumentLines(call, columns);
  const shown = isWhole(call) ? lines : lines.slice(0, LINES_IN_PASSING);
  const more = lines.length - shown.length;
  return [
    `? ${callNumber(callId)} may it call ${shownLine(tool)}? ${shownLine(reason, 200)}`,
    ...shown,
    ...(more > 0 ? [`    … ${more} more lines: pawl approve ${name} shows them`] : []),
    ...(isTrue(call) ? [] : [`    ${notTrueText(call)}`]),
    `  pawl approve ${name}, or deny; silence denies at ${deadlineAt}`,
  ].join("\n");
}
