// `pawl ui`: Temporal's own Web UI on the local stack, for as long as this command runs.

import type { Command } from "commander";
import type { PawlError } from "../domain/errors.ts";
import { stackFor, type CliContext } from "./context.ts";
import { portNumber } from "./option-values.ts";
import { noLocalStack } from "./no-local-stack.ts";

interface UiFlags {
  readonly port: number;
}

export function addUi(program: Command, context: CliContext): void {
  program
    .command("ui")
    .argument("[run]", "the run to open it at")
    .description("serve Temporal's Web UI to you alone, until Ctrl-C; Temporal restarts for it")
    .option("--port <n>", "0 takes a free one", portNumber, 8233)
    .action(async (run: string | undefined, { port }: UiFlags) => {
      const [{ readConfig }, { openTemporalUi }, { serveUi }, { touchStack }] = await Promise.all([
        import("../config.ts"),
        import("../dev/temporal-ui.ts"),
        import("../gateway/ui-proxy.ts"),
        import("../dev/stack-state.ts"),
      ]);
      const config = readConfig(context.env);
      const say = (line: string): void => void context.stderr.write(`${line}\n`);
      const stack = await stackFor(context, config, { say });
      if (stack === null) throw notOurs(config.temporal.uiUrl);
      const { dir } = config.stack;
      say("Temporal restarts with its Web UI: open runs wait some seconds, and go on.");
      const ended = untilTold();
      const temporalPort = Number(new URL(`http://${stack.temporalAddress}`).port);
      const ui = await openTemporalUi(dir, temporalPort);
      try {
        const proxy = await serveUi(ui, { port, onUse: () => touchStack(dir) });
        context.stdout.write(`${proxy.address(pathTo(stack.namespace, run))}\n`);
        say("The address is for you alone. Ctrl-C ends the Web UI, not the stack.");
        await ended;
        await proxy.close();
      } finally {
        say("Temporal restarts without its Web UI …");
        await ui.close();
      }
    });
}

function notOurs(uiUrl: string | undefined): PawlError {
  const where = uiUrl === undefined ? "" : `: it is at ${uiUrl}`;
  return noLocalStack(`the Web UI is not ours to serve${where}`);
}

function pathTo(namespace: string, run: string | undefined): string {
  const runs = `/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return run === undefined ? runs : `${runs}/${encodeURIComponent(run)}`;
}

async function untilTold(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.once(name, () => resolve());
  });
}
