// `pawl dev`: the local stack in the foreground.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { tellProject } from "./tell-project.ts";
import { withLocalToken } from "./page-address.ts";
import { noLocalStack } from "./no-local-stack.ts";

export function addDev(program: Command, context: CliContext): void {
  program
    .command("dev")
    .description("run the local stack (Temporal, Postgres, model, worker, gateway) until Ctrl-C")
    .action(async () => {
      const [{ readConfig }, { runStack }] = await Promise.all([
        import("../config.ts"),
        import("../dev/run-stack.ts"),
      ]);
      const config = readConfig(context.env);
      if (config.temporal.address !== undefined) {
        throw noLocalStack("there is no local stack to run");
      }
      const projectTeller = await tellProject(config, context);
      const ended = await runStack({
        stateDir: config.stack.dir,
        config,
        env: context.env,
        foreground: true,
        onProgress: (line) => void context.stderr.write(`${line}\n`),
        onPage: (url) => {
          void withLocalToken(url, config).then((address) =>
            context.stderr.write(`The page, for you alone: ${address}\n`),
          );
        },
      });
      projectTeller.stop();
      if (ended === "already_running") {
        context.stderr.write("The local stack runs already. End it: pawl stop\n");
      }
    });
}
