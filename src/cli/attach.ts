// `pawl attach ID`: watches a run, from its beginning or behind an event; or a batch.

import type { Command } from "commander";
import { isBatchId } from "../domain/batch.ts";
import { present } from "../domain/present.ts";
import { withClient, type CliContext } from "./context.ts";
import { followBatch } from "./follow-batch.ts";
import { follow } from "./follow.ts";
import { keyboardFor, rendererFor } from "./show-events.ts";
import { checkWritable } from "./told-files.ts";

interface AttachOptions {
  readonly after?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function addAttach(program: Command, context: CliContext): void {
  program
    .command("attach")
    .description("watch a run or a batch; exits as `pawl run` or `pawl batch` would")
    .argument("<id>", "the run, or the batch")
    .option("--after <event>", "go on behind this event id of a run")
    .option("--out <file>", "write the results of a batch there")
    .option("--json", "one event per line, the result last")
    .action(async (runId: string, options: AttachOptions) => {
      const { out, json } = options;
      if (out !== undefined) await checkWritable(out);
      await withClient(context, async (client) => {
        if (isBatchId(runId)) {
          return await followBatch(context, client, runId, { out, json });
        }
        const renderer = await rendererFor(context, options);
        const after = present({ after: options.after });
        return await follow(client, runId, renderer, {
          ...after,
          ...keyboardFor(context, options),
        });
      });
    });
}
