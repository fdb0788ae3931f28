// `pawl undo RUN`: takes back what a run did that has ended, the last first. What stands all the same is an exit code
// of 1; asked again, the rest is tried again.

import type { Command } from "commander";
import type { Compensation } from "../domain/effect.ts";
import { withClient, type CliContext } from "./context.ts";
import { effectLines } from "./format.ts";
import { lineOf } from "./narrate.ts";
import { userName } from "./say.ts";

const STANDS_EXIT = 1;

export function addUndo(program: Command, context: CliContext): void {
  program
    .command("undo")
    .description("take back what the tools of an ended run did, the last first")
    .argument("<id>", "the run")
    .option("--json", "one event per line, then what became of all")
    .action((runId: string, { json = false }: { readonly json?: boolean }) =>
      withClient(context, async (client) => {
        const say = (text: string): void => void context.stdout.write(`${text}\n`);
        await client.undo(runId, userName());
        const watch = client.watchUndo(runId);
        let step = await watch.next();
        for (; step.done !== true; step = await watch.next()) {
          say(json ? JSON.stringify(step.value) : (lineOf(step.value)?.text ?? ""));
        }
        const compensations = step.value;
        if (json) say(JSON.stringify({ type: "undone", runId, compensations }));
        else for (const line of effectLines({ compensations })) say(line);
        return compensations.every(isGone) ? 0 : STANDS_EXIT;
      }),
    );
}

function isGone({ undo }: Compensation): boolean {
  return undo === "undone" || undo === "absent";
}
