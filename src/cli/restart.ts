// `pawl restart`: ends the local stack and starts it with the settings of this shell. Runs in it go on.

import type { Command } from "commander";
import { stackFor, type CliContext } from "./context.ts";
import { noLocalStack } from "./no-local-stack.ts";

export function addRestart(program: Command, context: CliContext): void {
  program
    .command("restart")
    .description("end the local stack and start it with the settings of this shell; its runs go on")
    .action(async () => {
      const [{ readConfig }, { stopStack }] = await Promise.all([
        import("../config.ts"),
        import("../dev/ensure-stack.ts"),
      ]);
      const config = readConfig(context.env);
      if (config.temporal.address !== undefined) {
        throw noLocalStack("there is no local stack to restart");
      }
      await stopStack(config.stack.dir);
      await stackFor(context, config, { say: (line) => void context.stderr.write(`${line}\n`) });
    });
}
