// `pawl gateway`: serves HTTP in this process until it is told to stop. It may be reached by more than the
// person who starts it, so a key is wanted at any address; the page of the local stack is `pawl page`.

import type { Command } from "commander";
import { ignoreHangups } from "../process/hangups.ts";
import type { CliContext } from "./context.ts";
import { portNumber } from "./option-values.ts";

interface GatewayFlags {
  readonly host: string;
  readonly port: number;
  readonly open?: boolean;
}

const OPEN_WARNING = [
  "Open: no key is asked for. Whoever reaches this address, any user or container of this machine and any",
  "proxy, tunnel or forwarded port that leads here, sees the runs of all tenants, approves calls and spends money.",
].join("\n");

export function addGateway(program: Command, context: CliContext): void {
  program
    .command("gateway")
    .description("serve HTTP and the page to whoever has a key (pawl keys)")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <n>", "0 takes a free one", portNumber, 7420)
    .option(
      "--open",
      "ask for no key, on loopback alone: everybody who gets there may do everything",
    )
    .action(async ({ host, port, open = false }: GatewayFlags) => {
      ignoreHangups();
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
        door: { kind: open ? "open" : "keys" },
        ...(stack === null ? {} : { stack }),
        onReady: (url) => say(`The gateway serves ${url}${open ? `\n${OPEN_WARNING}` : ""}`),
      });
    });
}
