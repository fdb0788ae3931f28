// `pawl replay PATH…`: would today's code have taken the same steps as these recorded runs?

import type { Command } from "commander";
import { shownLine } from "../domain/shown-text.ts";
import type { CliContext } from "./context.ts";

export function addReplay(program: Command, context: CliContext): void {
  program
    .command("replay")
    .description("replay exported histories against this code; exit 1 where a step differs")
    .argument("<path...>", "files, or folders of *.json")
    .action(async (paths: readonly string[]) => {
      const { replayHistories } = await import("../worker/replay.ts");
      const reports = await replayHistories(paths);
      for (const { workflowId, error } of reports) {
        const word = error === null ? "same" : `DIFFERS: ${shownLine(error, 300)}`;
        context.stdout.write(`${workflowId}  ${word}\n`);
      }
      context.exitCode = reports.every(({ error }) => error === null) ? 0 : 1;
    });
}
