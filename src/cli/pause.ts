// `pawl pause ID`: lets a run wait before its next model call.

import type { Command } from "commander";
import { shownId } from "../domain/shown-text.ts";
import { withClient, type CliContext } from "./context.ts";

export function addPause(program: Command, context: CliContext): void {
  program
    .command("pause")
    .description("let a run wait before its next model call")
    .argument("<id>", "the run")
    .action((runId: string) =>
      withClient(context, async (client) => {
        await client.pause(runId);
        context.stderr.write(`Pausing ${shownId(runId)}. See it: pawl show ${shownId(runId)}\n`);
      }),
    );
}
