// `pawl resume ID`: lets a paused or waiting run go on.

import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";

export function addResume(program: Command, context: CliContext): void {
  program
    .command("resume")
    .description("let a paused or waiting run go on")
    .argument("<id>", "the run")
    .action((runId: string) =>
      withClient(context, async (client) => {
        await client.resume(runId);
        context.stderr.write(`Resuming ${runId}. See it: pawl show ${runId}\n`);
      }),
    );
}
