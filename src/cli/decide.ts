// `pawl approve` and `pawl deny`: a person's word on a call that waits. At a terminal an approval is asked for,
// once the arguments were shown whole; a script says which call and which arguments it has read.

import { InvalidArgumentError, type Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { ApprovalShown, DecidedApproval, PendingApproval } from "../domain/approval.ts";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { shownId, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import { withClient, type Ask, type CliContext } from "./context.ts";
import { argumentLines, indented } from "./question.ts";
import { userName } from "./say.ts";
import { showWhole } from "./show-whole.ts";

interface DenyOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

interface ApproveOptions extends DenyOptions {
  readonly digest?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly always?: boolean;
}

/** Nothing was changed. */
const UNDECIDED_EXIT = 3;

export function addApprove(program: Command, context: CliContext): void {
  program
    .command("approve")
    .description("let a tool call that waits be executed")
    .argument("<id>", "the run")
    .argument("[call]", "the call; a script must name it")
    .option(
      "--digest <sha256>",
      "of the arguments that were read; a script must name it",
      sha256Text,
    )
    .option("--reason <text>", "why; it is recorded")
    .option("--input <json>", "execute it with these arguments instead", jsonObject)
    .option("--always", "approve every later call of this tool in this run too")
    .option("--json", "the decision as one line")
    .action((runId: string, callId: string | undefined, options: ApproveOptions) =>
      withClient(context, (client) => approve(context, client, { runId, callId, options })),
    );
}

export function addDeny(program: Command, context: CliContext): void {
  program
    .command("deny")
    .description("refuse a tool call that waits; the model is told")
    .argument("<id>", "the run")
    .argument("[call]", "the call; a script must name it")
    .option("--reason <text>", "why; it is recorded, and the model is told")
    .option("--json", "the decision as one line")
    .action((runId: string, callId: string | undefined, options: DenyOptions) =>
      withClient(context, (client) => deny(context, client, { runId, callId, options })),
    );
}

interface Order<Options> {
  readonly runId: string;
  readonly callId: string | undefined;
  readonly options: Options;
}

async function approve(
  context: CliContext,
  client: RunClient,
  { runId, callId: given, options }: Order<ApproveOptions>,
): Promise<number | void> {
  const { reason, input: editedInput, always, digest } = options;
  const ask = askOf(context, options);
  if (ask === null && (given === undefined || digest === undefined)) throw namelessApproval(runId);
  const shown = await client.approval(runId, given ?? (await onlyCallOf(client, runId)));
  const { callId, argsDigest } = shown;
  if (digest !== undefined && digest !== argsDigest) throw otherArguments(callId);
  const isWanted =
    ask === null || digest !== undefined
      ? tellWhole(context, shown)
      : await asked(context, ask, { shown, options });
  if (!isWanted) {
    context.stderr.write("Nothing was decided; the call waits on.\n");
    return UNDECIDED_EXIT;
  }
  const decision = { callId, verdict: "approve", argsDigest, by: userName() } as const;
  const rest = present({ reason, editedInput, always });
  print(context, options, await client.decide(runId, { ...decision, ...rest }));
}

async function deny(
  context: CliContext,
  client: RunClient,
  { runId, callId: given, options }: Order<DenyOptions>,
): Promise<void> {
  if (given === undefined && askOf(context, options) === null) {
    const message = `A script names the call that it denies: pawl deny ${runId} CALL`;
    throw new PawlError("USAGE", message, { next: seeThem(runId) });
  }
  const callId = given ?? (await onlyCallOf(client, runId));
  const { argsDigest } = await pendingCall(client, runId, callId);
  const { reason } = options;
  const decision = { callId, verdict: "deny", argsDigest, by: userName() } as const;
  print(context, options, await client.decide(runId, { ...decision, ...present({ reason }) }));
}

/** Null where no person answers. */
function askOf({ ask, isTerminal }: CliContext, { json }: DenyOptions): Ask | null {
  return ask === undefined || !isTerminal || json === true ? null : ask;
}

interface Question {
  readonly shown: ApprovalShown;
  readonly options: ApproveOptions;
}

async function asked(
  { stdout }: CliContext,
  ask: Ask,
  { shown, options: { input, always } }: Question,
): Promise<boolean> {
  const edited =
    input === undefined
      ? []
      : [
          "  to be executed instead, with your arguments:",
          ...indented(shown.tool, input, stdout.columns),
        ];
  const lines = [...headLines(shown), ...argumentLines(shown, stdout.columns), ...edited];
  if (!(await showWhole(stdout, ask, lines))) return false;
  const later = always === true ? ", and every later call of it in this run" : "";
  const answer = await ask(
    `Approve ${callNumber(shown.callId)} ${shownLine(shown.tool)}${later}? y/N `,
  );
  return /^y(es)?$/i.test(answer.trim());
}

function headLines(shown: ApprovalShown): readonly string[] {
  const { runId, callId, tool, reason, deadlineAt } = shown;
  return [
    `${callNumber(callId)} ${shownLine(tool)} of ${shownId(runId)}`,
    `  ${shownLine(reason, 200)}; silence denies at ${deadlineAt}`,
  ];
}

/** For the log of the script: what it has decided on. */
function tellWhole({ stderr }: CliContext, shown: ApprovalShown): true {
  stderr.write(`${[...headLines(shown), ...argumentLines(shown)].join("\n")}\n`);
  return true;
}

async function onlyCallOf(client: RunClient, runId: string): Promise<string> {
  const waiting = await waitingOf(client, runId);
  const [only] = waiting;
  if (only !== undefined && waiting.length === 1) return only.callId;
  if (only === undefined)
    throw new PawlError("APPROVAL_NOT_FOUND", `No call waits in the run ${runId}.`);
  const calls = waiting.map(({ callId, tool }) => `${callId} ${shownLine(tool)}`).join(", ");
  const message = `${waiting.length} calls wait in ${runId}, ${calls}: say which.`;
  throw new PawlError("USAGE", message, { next: seeThem(runId) });
}

function seeThem(runId: string): string {
  return `see them: pawl approvals ${runId}`;
}

/** Arguments that can't be shown may be denied all the same; of a call that does not wait the client says why. */
async function pendingCall(
  client: RunClient,
  runId: string,
  callId: string,
): Promise<Pick<PendingApproval, "argsDigest">> {
  const waiting = await waitingOf(client, runId);
  return waiting.find((call) => call.callId === callId) ?? (await client.approval(runId, callId));
}

async function waitingOf(client: RunClient, runId: string): Promise<readonly PendingApproval[]> {
  const shown = await client.show(runId);
  return shown.kind === "open" ? shown.approvals : [];
}

function namelessApproval(runId: string): PawlError {
  const how = `pawl approve ${runId} CALL --digest SHA256`;
  const message = `A script names the call that it approves, and the arguments that it has read: ${how}`;
  return new PawlError("USAGE", message, { next: `see both: pawl approvals ${runId} CALL` });
}

function otherArguments(callId: string): PawlError {
  const message = `The call ${callId} waits with other arguments than those of --digest.`;
  return new PawlError("APPROVAL_MISMATCH", message);
}

function print({ stdout }: CliContext, { json }: DenyOptions, decided: DecidedApproval): void {
  stdout.write(`${json === true ? JSON.stringify(decided) : decidedText(decided)}\n`);
}

function decidedText({ tool, verdict, edited, always }: DecidedApproval): string {
  const how = edited ? ", with your arguments" : "";
  const later = always ? `; every later call of ${shownLine(tool)} in this run is too` : "";
  return `${verdict}${how}${later}`;
}

function sha256Text(text: string): string {
  const digest = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new InvalidArgumentError("it must be the 64 digits that `pawl approvals RUN CALL` shows.");
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
