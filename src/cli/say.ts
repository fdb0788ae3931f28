// `pawl say ID TEXT`: speaks to a run in flight; the model reads it with its next turn.

import { userInfo } from "node:os";
import type { Command } from "commander";
import { withClient, type CliContext } from "./context.ts";
import { present } from "../domain/present.ts";
import { shownId } from "../domain/shown-text.ts";

export function addSay(program: Command, context: CliContext): void {
  program
    .command("say")
    .description("tell a run something; the model reads it with its next turn")
    .argument("<id>", "the run")
    .argument("<text>", "what to tell it")
    .option("--interrupt", "stop the reply in flight first; what was written of it is kept")
    .option("--id <id>", "the same id is heard once, however often it is sent")
    .action(
      (
        runId: string,
        text: string,
        options: { readonly interrupt?: boolean; readonly id?: string },
      ) =>
        withClient(context, async (client) => {
          const { messageId } = await client.say(runId, {
            text,
            by: userName(),
            mode: options.interrupt === true ? "interrupt" : "queue",
            ...present({ messageId: options.id }),
          });
          context.stderr.write(
            `Said to ${shownId(runId)} (${messageId}). See it: pawl attach ${shownId(runId)}\n`,
          );
        }),
    );
}

/** Who sits at this terminal, as the run's record shall name them. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "somebody";
  }
}
