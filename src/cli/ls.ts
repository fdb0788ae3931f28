// `pawl ls`: runs, newest first.

import { Option, type Command } from "commander";
import type { RunListed } from "../client/run-list.ts";
import type { RunStatus } from "../domain/outcome.ts";
import { shownId, shownLine } from "../domain/shown-text.ts";
import { withClient, type CliContext } from "./context.ts";
import { ago, usd } from "./format.ts";
import { positiveInteger } from "./option-values.ts";
import { columns } from "./table.ts";

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
        const lines =
          json === true ? runs.map((run) => JSON.stringify(run)) : tableOf(runs, Date.now());
        for (const line of lines) context.stdout.write(`${line}\n`);
        if (runs.length === 0) context.stderr.write('No runs. Start one: pawl run "task"\n');
      }),
    );
}

const COST = 2;

export function tableOf(runs: readonly RunListed[], nowMs: number): readonly string[] {
  if (runs.length === 0) return [];
  const rows = runs.map((run) => [
    shownId(run.runId),
    shownLine(`${run.outcome ?? run.status}${run.flagged === undefined ? "" : " ⚑"}`),
    run.free === true ? "free" : usd(run.costUsd),
    ago(run.startedAt, nowMs),
    shownLine(run.task, 50),
  ]);
  return columns([["run", "state", "cost", "started", "task"], ...rows], [COST]);
}
