// `pawl worker`: serves runs in this process until it is told to stop.

import { Option, type Command } from "commander";
import { DUTIES, type Duty } from "../domain/duty.ts";
import { present } from "../domain/present.ts";
import { ignoreHangups } from "../process/hangups.ts";
import type { CliContext } from "./context.ts";

export function addWorker(program: Command, context: CliContext): void {
  program
    .command("worker")
    .description("serve runs; needs TEMPORAL_ADDRESS, DATABASE_URL and ANTHROPIC_API_KEY")
    .addOption(
      new Option("--only <duty>", "runs and their books, calls of models, or tools").choices(
        DUTIES,
      ),
    )
    .action(async ({ only }: { readonly only?: Duty }) => {
      ignoreHangups();
      const [{ readConfig }, { secretsOf }, { openTelemetry }, { runWorker }] = await Promise.all([
        import("../config.ts"),
        import("../telemetry/secrets.ts"),
        import("../telemetry/telemetry.ts"),
        import("../worker/run-worker.ts"),
      ]);
      const config = readConfig(context.env);
      const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
      await runWorker(config, telemetry, { ownEnv: context.env, ...present({ only }) });
    });
}
