// `pawl ls`: runs, newest first.

import { Option, type Command } from "commander";
import type { RunListed } from "../client/run-list.ts";
import type { RunStatus } from "../domain/outcome.ts";
import { withClient, type CliContext } from "./context.ts";
import { usd } from "./format.ts";
import { positiveInteger } from "./option-values.ts";
import { oneLine } from "./printable.ts";

interface LsOptions {
  readonly limit?: number;
  readonly status?: RunStatus;
  readonly outcome?: string;
  readonly tenant?: string;
  readonly agent?: string;
  readonly session?: string;
  readonly json?: boolean;
}

const OUTCOMES = ["answered", "stopped", "refused", "cancelled", "failed"];

export function addLs(program: Command, context: CliContext): void {
  program
    .command("ls")
    .description("list runs, newest first")
    .option("--limit <n>", "how many (20)", positiveInteger)
    .addOption(new Option("--status <status>").choices(["running", "waiting", "paused", "ended"]))
    .addOption(new Option("--outcome <outcome>").choices(OUTCOMES))
    .option("--tenant <name>", "only this tenant's")
    .option("--agent <name>", "only this agent's")
    .option("--session <name>", "only this session's; a batch is one")
    .option("--json", "one run per line")
    .action(({ json, ...query }: LsOptions) =>
      withClient(context, async (client) => {
        const runs = await client.list(query);
        const lines = json === true ? runs.map((run) => JSON.stringify(run)) : tableOf(runs);
        for (const line of lines) context.stdout.write(`${line}\n`);
        if (runs.length === 0) context.stderr.write('No runs. Start one: pawl run "task"\n');
      }),
    );
}

export function tableOf(runs: readonly RunListed[]): readonly string[] {
  const rows = runs.map((run) => [
    run.runId,
    run.outcome ?? run.status,
    usd(run.costUsd),
    run.startedAt.slice(0, 19).replace("T", " "),
    oneLine(run.task, 50),
  ]);
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
