// `pawl attach ID`: watches a run, from its beginning or behind an event.

import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";
import { follow } from "./follow.ts";
import { keyboardFor, rendererFor } from "./show-events.ts";

export function addAttach(program: Command, context: CliContext): void {
  program
    .command("attach")
    .description("watch a run; exits as `pawl run` would")
    .argument("<id>", "the run")
    .option("--after <event>", "go on behind this event id")
    .option("--json", "one event per line, the result last")
    .action((runId: string, options: { readonly after?: string; readonly json?: boolean }) =>
      withClient(context, async (client) => {
        const renderer = await rendererFor(context, options);
        const after = options.after === undefined ? {} : { after: options.after };
        return await follow(client, runId, renderer, {
          ...after,
          ...keyboardFor(context, options),
        });
      }),
    );
}
