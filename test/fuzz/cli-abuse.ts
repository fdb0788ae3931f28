// Odd commands: every one of them ends with a sentence and an exit code of the contract.

import { startPawl } from "../support/cli-process.ts";
import type { Complaints } from "./complaints.ts";
import { oddText, type Dice } from "./odd-values.ts";

export interface CliScene {
  readonly env: NodeJS.ProcessEnv;
  readonly runIds: readonly string[];
  readonly complaints: Complaints;
}

const COMMANDS: readonly (readonly string[])[] = [
  ["run"],
  ["batch"],
  ["attach"],
  ["show"],
  ["ls"],
  ["cancel"],
  ["pause"],
  ["resume"],
  ["say"],
  ["approvals"],
  ["approve"],
  ["deny"],
  ["export"],
  ["replay"],
  ["keys", "create"],
  ["keys", "ls"],
  ["keys", "revoke"],
  ["tenants", "add"],
  ["tenants", "remove"],
  ["budget", "show"],
  ["budget", "set"],
  ["budget", "raise"],
  ["budget", "release"],
  ["cost"],
];
const FLAGS: readonly string[] = [
  "--json",
  "--detach",
  "--tenant",
  "--session",
  "--max-cost",
  "--max-calls",
  "--timeout",
  "--key",
  "--tier",
  "--model",
  "--limit",
  "--status",
  "--by",
  "--since",
  "--out",
  "--run",
  "--why",
  "--digest",
  "--help",
];
/** These leave a run that goes on, and say so. */
const FOLLOWING: ReadonlySet<string> = new Set(["run", "batch", "attach"]);
/** Whoever waits for a run is told to leave. */
const LEAVE_AFTER_MS = 8000;
const ENDS_WITHIN_MS = 45_000;
const BY_SIGNAL = -1;
const EXIT_CODES: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

export async function abuseCli(dice: Dice, { env, runIds, complaints }: CliScene): Promise<void> {
  const word = (): string => (dice.chance(0.3) ? dice.oneOf(runIds) : argument(dice));
  const args = [...dice.oneOf(COMMANDS)];
  for (let n = dice.upTo(3); n > 0; n -= 1) args.push(word());
  for (let n = dice.upTo(4); n > 0; n -= 1) {
    args.push(dice.oneOf(FLAGS));
    if (dice.chance(0.7)) args.push(word());
  }
  const shown = `pawl ${JSON.stringify(args).slice(0, 300)}`;
  const command = startPawl(args, env);
  let isTold = false;
  const leaving = setTimeout(() => {
    isTold = true;
    command.signal("SIGINT");
  }, LEAVE_AFTER_MS);
  const killing = setTimeout(() => {
    complaints.add(`${shown}: does not end`);
    command.signal("SIGKILL");
  }, ENDS_WITHIN_MS);
  const { exitCode, stdout, stderr } = await command.ended;
  clearTimeout(leaving);
  clearTimeout(killing);
  // Where nothing is followed the word ends it as it ends any program, at any moment; a busy machine may still be
  // starting it then.
  const hasSaid = stdout !== "" || stderr !== "";
  const isFollowing = FOLLOWING.has(args[0] ?? "") && hasSaid;
  const isEndedEarly = isTold && exitCode === BY_SIGNAL && !isFollowing;
  if (!EXIT_CODES.includes(exitCode) && !isEndedEarly) complaints.add(`${shown}: exit ${exitCode}`);
  complaints.look(shown, `${stdout}\n${stderr}`);
  if (stderr.includes("a defect of Pawl")) complaints.add(`${shown}: ${stderr.slice(0, 400)}`);
}

/** No NUL: the kernel takes none. Files are named in a folder that is not there. */
function argument(dice: Dice): string {
  const text = oddText(dice).replaceAll("\u0000", "").slice(0, 2000);
  return text.includes("/") ? `no-such-folder/${text.replaceAll("/", "_")}` : text;
}
