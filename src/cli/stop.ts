// `pawl stop`: ends the local stack. Runs in it go on where they were when it is started again.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";

export function addStop(program: Command, context: CliContext): void {
  program
    .command("stop")
    .description("end the local stack; its runs go on when it is started again")
    .action(async () => {
      const [{ readConfig }, { stopStack }] = await Promise.all([
        import("../config.ts"),
        import("../dev/ensure-stack.ts"),
      ]);
      const ended = await stopStack(readConfig(context.env).stack.dir);
      const text =
        ended === "stopped" ? "The local stack has ended." : "No local stack is running.";
      context.stderr.write(`${text}\n`);
    });
}
