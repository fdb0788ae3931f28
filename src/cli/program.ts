// The commands of `pawl`, and what all of them share: errors as sentences on stderr, exit codes by
// contract, one JSON line on stdout where a program asked.

import { Command, CommanderError } from "commander";
import { addApprovals } from "./approvals.ts";
import { addAttach } from "./attach.ts";
import { addBudget } from "./budget.ts";
import { addCancel } from "./cancel.ts";
import { addBatch } from "./batch.ts";
import type { CliContext, CliIo } from "./context.ts";
import { addCost } from "./cost.ts";
import { addApprove, addDeny } from "./decide.ts";
import { addDev } from "./dev.ts";
import { addDoctor } from "./doctor.ts";
import { onlySet } from "../domain/only-set.ts";
import { complaintOf, sentenceOf, USAGE_EXIT, type Complaint } from "./exit-code.ts";
import { addExport } from "./export.ts";
import { addGateway } from "./gateway.ts";
import { addKeys } from "./keys.ts";
import { addLs } from "./ls.ts";
import { addMigrate } from "./migrate.ts";
import { addPause } from "./pause.ts";
import { printable } from "./printable.ts";
import { addReplay } from "./replay.ts";
import { addRestart } from "./restart.ts";
import { addResume } from "./resume.ts";
import { addRun } from "./run.ts";
import { addSay } from "./say.ts";
import { addShow } from "./show.ts";
import { addStop } from "./stop.ts";
import { addWorker } from "./worker.ts";

const ADD = [
  addRun,
  addBatch,
  addAttach,
  addShow,
  addLs,
  addCancel,
  addPause,
  addResume,
  addSay,
  addApprovals,
  addApprove,
  addDeny,
  addExport,
  addReplay,
  addWorker,
  addGateway,
  addMigrate,
  addKeys,
  addBudget,
  addCost,
  addDev,
  addStop,
  addRestart,
  addDoctor,
];

/** Returns the exit code; never throws and never exits. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const context: CliContext = { ...io, env: onlySet(io.env), exitCode: 0 };
  const program = createProgram(context);
  try {
    await program.parseAsync([...args], { from: "user" });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const complaint = error instanceof CommanderError ? usageOf(error) : complaintOf(error);
    complain(io, args, complaint);
    return complaint.exitCode;
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command("pawl")
    .description("Durable LLM agents: runs that no crash can lose and no retry can make overspend.")
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      // Complaints are written once, by `complain`.
      writeErr: () => {},
    })
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

function usageOf(error: CommanderError): Complaint {
  const message = error.message.replace(/^error: /, "");
  return { code: "USAGE", message, next: "see `pawl --help`", exitCode: USAGE_EXIT };
}

function complain(io: CliIo, args: readonly string[], complaint: Complaint): void {
  const { code, message } = complaint;
  if (args.includes("--json")) {
    io.stdout.write(`${JSON.stringify({ type: "error", code, message })}\n`);
  }
  io.stderr.write(`${printable(sentenceOf(complaint))}\n`);
}
