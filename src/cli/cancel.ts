// `pawl cancel ID`: asks a run to end with what it has.

import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";

export function addCancel(program: Command, context: CliContext): void {
  program
    .command("cancel")
    .description("end a run, or a batch with all its runs; each returns what it has")
    .argument("<id>", "the run, or the batch")
    .action((runId: string) =>
      withClient(context, async (client) => {
        await client.cancel(runId);
        context.stderr.write(`Asked ${runId} to end. See it: pawl show ${runId}\n`);
      }),
    );
}
