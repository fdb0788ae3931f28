// `pawl export ID`: the run's histories, as `pawl replay` reads them.

import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";

export function addExport(program: Command, context: CliContext): void {
  program
    .command("export")
    .description("write a run's histories as JSON, to replay them against other code")
    .argument("<id>", "the run")
    .option("--out <file>", "write there instead of stdout")
    .action((runId: string, options: { readonly out?: string }) =>
      withClient(context, async (client) => {
        const text = `${JSON.stringify(await client.exportHistories(runId))}\n`;
        if (options.out === undefined) context.stdout.write(text);
        else await writeFile(options.out, text);
      }),
    );
}
