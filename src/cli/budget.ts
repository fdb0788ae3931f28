// `pawl budget`: shows, sets and raises the caps that runs share, and sets free what lost calls may have cost.

import { Argument, type Command } from "commander";
import type { BudgetChanged, BudgetShown, NewCap } from "../client/budgets.ts";
import { BUDGET_SCOPES, type BudgetName, type BudgetScope } from "../domain/budget.ts";
import { formatUsd } from "../domain/money.ts";
import { present } from "../domain/present.ts";
import { shownLine } from "../domain/shown-text.ts";
import { readBudgetFile } from "./budget-file.ts";
import { withClient, type CliContext } from "./context.ts";
import { count } from "./format.ts";
import { dollarsAsMicroUsd } from "./option-values.ts";
import { userName } from "./say.ts";
import { columns } from "./table.ts";

interface Whose {
  readonly tenant?: string;
  readonly session?: string;
}

interface Flags extends Whose {
  readonly json?: boolean;
}

export function addBudget(program: Command, context: CliContext): void {
  const budget = program
    .command("budget")
    .description("caps that runs share: show, set, apply, raise, release");
  const scope = () => new Argument("<scope>", "what shares the cap").choices(BUDGET_SCOPES);
  addWhose(budget.command("show"))
    .description("caps as they hold now, with what is left of them")
    .option("--json", "one budget per line")
    .action(({ json, ...whose }: Flags) =>
      withClient(context, async (client) => {
        const shown = await client.budgets(whose);
        const lines = json === true ? shown.map((one) => JSON.stringify(one)) : tableOf(shown);
        for (const line of lines) context.stdout.write(`${line}\n`);
      }),
    );
  addWhose(budget.command("set"))
    .description("set a cap; without a name, for all that have none of their own")
    .addArgument(scope())
    .argument("<usd>", "dollars; none: no cap; default: forget what was set", newCap)
    .option("--json", "the budget as JSON")
    .action((of: BudgetScope, cap: NewCap, { json, ...whose }: Flags) =>
      withClient(context, async (client) => {
        const changed = await client.setBudget(named(of, whose), cap);
        tell(context, changed, json);
      }),
    );
  budget
    .command("apply")
    .description("set the budgets of a JSON file; what it does not name stays as it is")
    .argument("<file>", '[{ "scope": "tenant_day", "tenant": "acme", "usd": 25 }, ...]')
    .option("--json", "one budget per line")
    .action(async (file: string, { json }: Flags) => {
      const wanted = await readBudgetFile(file, context);
      await withClient(context, async (client) => {
        for (const { name, cap } of wanted) tell(context, await client.setBudget(name, cap), json);
      });
    });
  addWhose(budget.command("raise"))
    .description("add to the cap of this day, month or session alone")
    .addArgument(scope())
    .argument("<usd>", "dollars to add", dollarsAsMicroUsd)
    .option("--key <key>", "the same key raises once")
    .option("--json", "the budget as JSON")
    .action((of: BudgetScope, addedMicroUsd: number, flags: Flags & { readonly key?: string }) =>
      withClient(context, async (client) => {
        const { json, key, ...whose } = flags;
        const id = present({ raiseId: key });
        const raise = { name: named(of, whose), addedMicroUsd, ...id };
        tell(context, await client.raiseBudget(raise), json);
      }),
    );
  addRelease(budget, scope(), context);
}

function addRelease(budget: Command, scope: Argument, context: CliContext): void {
  addWhose(budget.command("release"))
    .description(
      "take what lost calls may have cost (feared) for nothing, in this day, month or session",
    )
    .addArgument(scope)
    .option("--run <id>", "of this run alone")
    .requiredOption("--why <text>", "kept on record with your name")
    .option("--json", "what was set free, and the budget, as JSON")
    .action((of: BudgetScope, flags: Flags & { readonly run?: string; readonly why: string }) =>
      withClient(context, async (client) => {
        const { json, run: runId, why, ...whose } = flags;
        const release = { name: named(of, whose), by: userName(), why, ...present({ runId }) };
        const released = await client.releaseFeared(release);
        const { calls, fearedMicroUsd } = released;
        tell(context, released, json);
        const set = `${amount(fearedMicroUsd)} of ${count(calls, "lost call")} set free`;
        context.stderr.write(`${set}.\n`);
      }),
    );
}

function addWhose(command: Command): Command {
  return command
    .option("--tenant <name>", "whose budget")
    .option("--session <name>", "session of that tenant");
}

function named(scope: BudgetScope, { tenant, session }: Whose): BudgetName {
  return {
    scope,
    ...present({ tenant, session }),
  };
}

function newCap(text: string): NewCap {
  if (text === "none" || text === "default") return text;
  return { microUsd: dollarsAsMicroUsd(text) };
}

function tell({ stdout, stderr }: CliContext, changed: BudgetChanged, json = false): void {
  const { budget, woken } = changed;
  if (json) stdout.write(`${JSON.stringify(changed)}\n`);
  else if (budget === null) stdout.write("Set for all that have no budget of their own.\n");
  else for (const line of tableOf([budget])) stdout.write(`${line}\n`);
  if (woken > 0) stderr.write(`${count(woken, "run")} that waited at this cap: looking again.\n`);
}

const HEAD = ["budget", "of", "cap", "spent", "held", "feared", "left", "resets", "set by"];

export function tableOf(budgets: readonly BudgetShown[]): readonly string[] {
  const rows = budgets.map((budget) => {
    const { scope, tenant, session, spentMicroUsd, heldMicroUsd, fearedMicroUsd } = budget;
    const { resetsAt } = budget;
    const names = [tenant, session].filter((name) => name !== null).map((name) => shownLine(name));
    return [
      scope,
      names.join("/") || "all",
      amount(budget.capMicroUsd, "none"),
      amount(spentMicroUsd),
      amount(heldMicroUsd),
      amount(fearedMicroUsd),
      amount(budget.leftMicroUsd, ""),
      resetsAt === null ? "never" : resetsAt.slice(0, 16).replace("T", " "),
      sourceOf(budget),
    ];
  });
  return columns([HEAD, ...rows], [2, 3, 4, 5, 6]);
}

function amount(microUsd: number | null, without = ""): string {
  if (microUsd === null) return without;
  if (microUsd < 0) return `-${formatUsd(-microUsd)}`;
  return microUsd === 0 ? "$0" : formatUsd(microUsd);
}

function sourceOf({ budget, raisedMicroUsd }: BudgetShown): string {
  const set = budget === null ? "environment" : `budget ${shownLine(budget)}`;
  return raisedMicroUsd === 0 ? set : `${set}, raised by ${amount(raisedMicroUsd)}`;
}
