// `pawl export ID`: the run's histories, as `pawl replay` reads them.

import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";
import { checkWritable, writePrivately } from "./told-files.ts";

export function addExport(program: Command, context: CliContext): void {
  program
    .command("export")
    .description("write a run's histories as JSON, to replay them against other code")
    .argument("<id>", "the run")
    .option("--out <file>", "write there instead of stdout")
    .action(async (runId: string, { out }: { readonly out?: string }) => {
      if (out !== undefined) await checkWritable(out);
      await withClient(context, async (client) => {
        const text = `${JSON.stringify(await client.exportHistories(runId))}\n`;
        if (out === undefined) context.stdout.write(text);
        else await writePrivately(out, [text]);
      });
    });
}
