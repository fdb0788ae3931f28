// `pawl cancel ID`: asks a run to end with what it has. A run hears of it from a worker; where none polls its queue
// it can be ended without one.

import type { Command } from "commander";
import { isBatchId } from "../domain/batch.ts";
import { startingCommand } from "../domain/missing-workers.ts";
import { PawlError } from "../domain/errors.ts";
import { shownId, spelledOut } from "../domain/shown-text.ts";
import { withClient, type CliContext } from "./context.ts";
import { userName } from "./say.ts";

interface CancelOptions {
  readonly force?: boolean;
}

const OF_A_BATCH = "end its runs so, or start a worker, which hears the cancel: pawl worker";

export function addCancel(program: Command, context: CliContext): void {
  program
    .command("cancel")
    .description("end a run, or a batch with all its runs; each returns what it has")
    .argument("<id>", "the run, or the batch")
    .option("--force", "end a run that no worker serves; what it has is not returned")
    .action((runId: string, { force = false }: CancelOptions) =>
      withClient(context, async (client) => {
        if (force) {
          if (isBatchId(runId))
            throw new PawlError("USAGE", "A batch can't be ended by --force.", {
              next: OF_A_BATCH,
            });
          await client.terminate(runId, userName());
          context.stderr.write(
            `Ended ${shownId(runId)}. What it holds is released, or charged, when a worker comes.\n`,
          );
          return;
        }
        const { unservedQueue, unservedBuild } = await client.cancel(runId);
        context.stderr.write(
          `Asked ${shownId(runId)} to end. See it: pawl show ${shownId(runId)}\n`,
        );
        if (unservedQueue === null) return;
        const how = isBatchId(runId)
          ? ""
          : `, or end it now: pawl cancel ${shownId(runId)} --force`;
        const [missing, start] =
          unservedBuild === undefined
            ? [`its queue ${unservedQueue}`, "pawl worker"]
            : [
                `build ${unservedBuild.buildId}, which it is pinned to`,
                startingCommand(unservedBuild),
              ];
        context.stderr.write(
          `No worker serves ${spelledOut(missing)}: it ends when one starts (${spelledOut(start)})${how}\n`,
        );
      }),
    );
}
