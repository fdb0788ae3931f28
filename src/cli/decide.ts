// `pawl approve ID CALL` and `pawl deny ID CALL`: a person's word on a call that waits. Both show the
// arguments they decide on, and the decision counts for these only.

import { InvalidArgumentError, type Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { ApprovalShown, DecidedApproval, Decision } from "../domain/approval.ts";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { withClient, type CliContext } from "./context.ts";
import { oneLine, printable } from "./printable.ts";
import { userName } from "./say.ts";

interface DecideOptions {
  readonly reason?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly always?: boolean;
  readonly json?: boolean;
}

export function addApprove(program: Command, context: CliContext): void {
  program
    .command("approve")
    .description("let a tool call that waits be executed")
    .argument("<id>", "the run")
    .argument("[call]", "the call; not needed where one waits")
    .option("--reason <text>", "why; it is recorded")
    .option("--input <json>", "execute it with these arguments instead", jsonObject)
    .option("--always", "approve every later call of this tool in this run too")
    .option("--json", "the decision as one line")
    .action((runId: string, callId: string | undefined, options: DecideOptions) =>
      decide(context, { runId, callId, verdict: "approve", options }),
    );
}

export function addDeny(program: Command, context: CliContext): void {
  program
    .command("deny")
    .description("refuse a tool call that waits; the model is told")
    .argument("<id>", "the run")
    .argument("[call]", "the call; not needed where one waits")
    .option("--reason <text>", "why; it is recorded, and the model is told")
    .option("--json", "the decision as one line")
    .action((runId: string, callId: string | undefined, options: DecideOptions) =>
      decide(context, { runId, callId, verdict: "deny", options }),
    );
}

interface Order {
  readonly runId: string;
  readonly callId: string | undefined;
  readonly verdict: Decision["verdict"];
  readonly options: DecideOptions;
}

async function decide(context: CliContext, { runId, callId: given, verdict, options }: Order) {
  await withClient(context, async (client: RunClient) => {
    const shown = await client.approval(runId, given ?? (await onlyCallOf(client, runId)));
    const { reason, input, always, json } = options;
    context.stderr.write(`${askedText(shown)}\n`);
    const decided = await client.decide(runId, {
      callId: shown.callId,
      verdict,
      argsDigest: shown.argsDigest,
      by: userName(),
      ...present({ reason, editedInput: input, always }),
    });
    context.stdout.write(`${json === true ? JSON.stringify(decided) : decidedText(decided)}\n`);
  });
}

async function onlyCallOf(client: RunClient, runId: string): Promise<string> {
  const shown = await client.show(runId);
  const waiting = shown.kind === "open" ? shown.approvals : [];
  const [only] = waiting;
  if (only !== undefined && waiting.length === 1) return only.callId;
  throw waiting.length === 0
    ? new PawlError("APPROVAL_NOT_FOUND", `No call waits in the run ${runId}.`)
    : new PawlError("USAGE", `${waiting.length} calls wait in the run ${runId}: say which.`);
}

/** Whole: who decides must have seen all of it. */
function askedText({ tool, input }: ApprovalShown): string {
  return `${oneLine(tool)} with ${printable(JSON.stringify(input, null, 2))}`;
}

function decidedText({ tool, verdict, edited, always }: DecidedApproval): string {
  const how = edited ? ", with your arguments" : "";
  const later = always ? `; every later call of ${oneLine(tool)} in this run is too` : "";
  return `${verdict}${how}${later}`;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('it must be a JSON object, such as \'{"path": "notes.txt"}\'.');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
