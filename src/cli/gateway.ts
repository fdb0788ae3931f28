// `pawl gateway`: serves HTTP in this process until it is told to stop.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { portNumber } from "./option-values.ts";

interface GatewayFlags {
  readonly host: string;
  readonly port: number;
}

export function addGateway(program: Command, context: CliContext): void {
  program
    .command("gateway")
    .description("serve HTTP and the page; beyond this machine only with a key (pawl keys)")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <n>", "0 takes a free one", portNumber, 7420)
    .action(async ({ host, port }: GatewayFlags) => {
      const [{ readConfig }, { secretsOf }, { openTelemetry }, { runGateway }, { stackFor }] =
        await Promise.all([
          import("../config.ts"),
          import("../telemetry/secrets.ts"),
          import("../telemetry/telemetry.ts"),
          import("../gateway/run-gateway.ts"),
          import("./context.ts"),
        ]);
      const config = readConfig(context.env);
      const say = (line: string): void => void context.stderr.write(`${line}\n`);
      const stack = await stackFor(context, config, { say });
      await runGateway(config, openTelemetry(config.log, { secrets: secretsOf(config) }), {
        host,
        port,
        ...(stack === null ? {} : { stack }),
        onReady: (url) => say(`The gateway serves ${url}`),
      });
    });
}
