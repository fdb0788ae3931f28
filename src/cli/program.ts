// The commands of `pawl`, and what all of them share: errors as sentences on stderr, exit codes by
// contract, one JSON line on stdout where a program asked.

import { debuglog } from "node:util";
import { Command, CommanderError } from "commander";
import { spelledOut } from "../domain/shown-text.ts";
import { addAgents } from "./agents.ts";
import { addAnswer } from "./answer.ts";
import { addApprovals } from "./approvals.ts";
import { addAttach } from "./attach.ts";
import { addBudget } from "./budget.ts";
import { addCancel } from "./cancel.ts";
import { addBatch } from "./batch.ts";
import { addCapacity } from "./capacity.ts";
import { complaintOf, sentenceOf, type Complaint } from "../domain/complaint.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";
import type { CliContext, CliIo } from "./context.ts";
import { addCost } from "./cost.ts";
import { addApprove, addDeny } from "./decide.ts";
import { addDev } from "./dev.ts";
import { addDoctor } from "./doctor.ts";
import { onlySet } from "../domain/only-set.ts";
import { addedBy } from "./dot-env.ts";
import { USAGE_EXIT } from "./exit-code.ts";
import { addExport } from "./export.ts";
import { addGateway } from "./gateway.ts";
import { addInit } from "./init.ts";
import { addKeys } from "./keys.ts";
import { addLs } from "./ls.ts";
import { addMigrate } from "./migrate.ts";
import { addPage } from "./page.ts";
import { addPause } from "./pause.ts";
import { addQuestions } from "./questions.ts";
import { addReplay } from "./replay.ts";
import { addRestart } from "./restart.ts";
import { addResume } from "./resume.ts";
import { addRun } from "./run.ts";
import { addSay } from "./say.ts";
import { addShow } from "./show.ts";
import { addStop } from "./stop.ts";
import { addTenants } from "./tenants.ts";
import { addTools } from "./tools.ts";
import { addUi } from "./ui.ts";
import { addUndo } from "./undo.ts";
import { addWorker } from "./worker.ts";

const debug = debuglog("pawl");

const ADD = [
  addRun,
  addBatch,
  addAttach,
  addShow,
  addLs,
  addCancel,
  addUndo,
  addPause,
  addResume,
  addSay,
  addApprovals,
  addApprove,
  addDeny,
  addQuestions,
  addAnswer,
  addExport,
  addReplay,
  addWorker,
  addGateway,
  addPage,
  addMigrate,
  addKeys,
  addTenants,
  addBudget,
  addCapacity,
  addCost,
  addDev,
  addUi,
  addStop,
  addRestart,
  addDoctor,
  addInit,
  addAgents,
  addTools,
];

/** Returns the exit code; never throws and never exits. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const context: CliContext = { ...io, env: onlySet(io.env), exitCode: 0 };
  const program = createProgram(context);
  try {
    if (args.length === 0) program.outputHelp();
    else if (isVersionAsked(args)) await tellVersion(context);
    else {
      refuseLostLetters(args);
      if (io.readDotEnv !== undefined) takeDotEnv(io.readDotEnv(), io.env, context.env);
      await program.parseAsync(asWritten(program, args), { from: "user" });
    }
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Its commands have been listed: it was called without one.
    if (error instanceof CommanderError && error.code === "commander.help") return USAGE_EXIT;
    const complaint =
      error instanceof CommanderError ? usageOf(error, program, args) : await troubleIn(error);
    complain(io, args, complaint);
    return complaint.exitCode;
  }
}

/** Into the process's own environment too: the parts that a command starts inherit that one. */
function takeDotEnv(text: string, env: NodeJS.ProcessEnv, read: NodeJS.ProcessEnv): void {
  const added = addedBy(text, env);
  Object.assign(env, added);
  Object.assign(read, onlySet(added));
}

/** What Node puts in the place of bytes that are no UTF-8: the letters are lost, and a task would be bought without. */
const LOST_LETTER = "\ufffd";

/** Throws PawlError USAGE. */
function refuseLostLetters(args: readonly string[]): void {
  const at = args.findIndex((arg) => arg.includes(LOST_LETTER));
  if (at === -1) return;
  const message = `Word ${at + 1} of the command is not UTF-8, or holds U+FFFD.`;
  const next = "use a terminal in UTF-8, or pipe a task in: `pawl run - < FILE`";
  throw new PawlError("USAGE", message, { next });
}

function isVersionAsked([first]: readonly string[]): boolean {
  return first === "--version" || first === "-V";
}

async function tellVersion({ stdout }: CliContext): Promise<void> {
  const { packageVersion } = await import("../package-version.ts");
  stdout.write(`${packageVersion()}\n`);
}

/** A command that there is none of is named, whether it is called or its help is asked for. */
function asWritten(program: Command, args: readonly string[]): string[] {
  const [first = "", second] = args;
  const wanted = first === "help" ? (second ?? first) : first;
  const isUnknown = !wanted.startsWith("-") && wanted !== "help" && !isCommand(program, wanted);
  return isUnknown ? [wanted] : [...args];
}

function isCommand(program: Command, name: string): boolean {
  return program.commands.some((command) => command.name() === name);
}

/** What Temporal's client throws is read by what loads it, and so only where something went wrong. */
async function troubleIn(error: unknown): Promise<Complaint> {
  if (isPawlError(error)) return complaintOf(error);
  debug("%s", error instanceof Error ? error.stack : error);
  const { backendError } = await import("../client/backend-error.ts");
  return complaintOf(backendError(error));
}

function createProgram(context: CliContext): Command {
  const program = new Command("pawl")
    .description("Durable LLM agents: runs that no crash can lose and no retry can make overspend.")
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      // Complaints are written once, by `complain`.
      outputError: () => {},
      writeErr: (text) => void context.stderr.write(text),
    })
    .option("-V, --version", "print the version")
    .exitOverride()
    .showHelpAfterError(false);
  for (const add of ADD) add(program, context);
  for (const command of program.commands) inherit(program, command);
  return program;
}

/** Commands of a command as well. */
function inherit(from: Command, to: Command): void {
  to.copyInheritedSettings(from);
  for (const command of to.commands) inherit(to, command);
}

function usageOf(
  error: CommanderError,
  program: Command,
  [command = ""]: readonly string[],
): Complaint {
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  const help = isCommand(program, command) ? `pawl ${command} --help` : "pawl --help";
  return { code: "USAGE", message, next: `see \`${help}\``, exitCode: USAGE_EXIT };
}

function complain(io: CliIo, args: readonly string[], complaint: Complaint): void {
  const { code, message } = complaint;
  if (args.includes("--json")) {
    io.stdout.write(`${JSON.stringify({ type: "error", code, message })}\n`);
  }
  io.stderr.write(`${spelledOut(sentenceOf(complaint))}\n`);
}
