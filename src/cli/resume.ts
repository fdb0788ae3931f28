// `pawl resume ID`: lets a paused or waiting run go on, with more money where it is parked at its own cap.

import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";
import { present } from "../domain/present.ts";
import { shownId } from "../domain/shown-text.ts";
import { usd } from "./format.ts";
import { dollarsAsMicroUsd } from "./option-values.ts";
import { userName } from "./say.ts";

interface ResumeOptions {
  readonly add?: number;
}

export function addResume(program: Command, context: CliContext): void {
  program
    .command("resume")
    .description("let a paused or waiting run go on; exit 3 where that changes nothing")
    .argument("<id>", "the run")
    .option("--add <usd>", "let it cost so much more, within the operator's cap", dollarsAsMicroUsd)
    .action((runId: string, { add }: ResumeOptions) =>
      withClient(context, async (client) => {
        const order = { by: userName(), ...present({ addMicroUsd: add }) };
        const { addedUsd, capUsd, isClamped } = await client.resume(runId, order);
        if (capUsd !== null) {
          const less = isClamped ? "; its operator allows no more (PAWL_RUN_CAP_USD)" : "";
          context.stderr.write(`Added ${usd(addedUsd)}: it may cost ${usd(capUsd)}${less}.\n`);
        }
        context.stderr.write(`Resuming ${shownId(runId)}. See it: pawl show ${shownId(runId)}\n`);
      }),
    );
}
