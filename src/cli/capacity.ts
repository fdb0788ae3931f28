// `pawl capacity`: which models take no calls now, and opens them by hand.

import type { Command } from "commander";
import { shownLine } from "../domain/shown-text.ts";
import type { ClosedGate } from "../store/capacity.ts";
import { withClient, type CliContext } from "./context.ts";
import { count } from "./format.ts";
import { columns } from "./table.ts";

interface Flags {
  readonly json?: boolean;
}

export function addCapacity(program: Command, context: CliContext): void {
  const capacity = program
    .command("capacity")
    .description("models that the fleet leaves alone for now: show, lift");
  capacity
    .command("show")
    .description("which models take no calls, or few, and until when")
    .option("--json", "one model per line")
    .action(({ json }: Flags) =>
      withClient(context, async (client) => {
        const closed = await client.closedGates();
        const lines = json === true ? closed.map((gate) => JSON.stringify(gate)) : tableOf(closed);
        for (const line of lines) context.stdout.write(`${line}\n`);
      }),
    );
  capacity
    .command("lift")
    .description("let calls go out at once, because what closed the model is over")
    .argument("[model]", "as `show` names it, with or without its provider; else all")
    .option("--json", "which were closed, as JSON")
    .action((model: string | undefined, { json }: Flags) =>
      withClient(context, async (client) => {
        const lifted = await client.liftGates(model);
        const { keys, woken } = lifted;
        if (json === true) context.stdout.write(`${JSON.stringify(lifted)}\n`);
        else for (const key of keys) context.stdout.write(`${shownLine(key)}\n`);
        const runs = woken === 0 ? "" : ` ${count(woken, "run")} that waited: looking again.`;
        const told = keys.length === 0 ? "Nothing was closed." : `Lifted.${runs}`;
        context.stderr.write(`${told}\n`);
        return keys.length === 0 && model !== undefined ? NOTHING_CHANGED : 0;
      }),
    );
}

const NOTHING_CHANGED = 3;

const HEAD = ["model", "state", "since", "next call", "times"];

const STATES: Readonly<Record<ClosedGate["why"], string>> = {
  down: "down",
  rate_limited: "rate limited",
  easing: "few calls",
};

function tableOf(closed: readonly ClosedGate[]): readonly string[] {
  if (closed.length === 0) return ["Every model takes calls."];
  const rows = closed.map(({ key, why, since, until, times }) => [
    shownLine(key),
    STATES[why],
    momentOf(since),
    momentOf(until),
    String(times),
  ]);
  return columns([HEAD, ...rows], [4]);
}

function momentOf(at: string | null): string {
  return at === null ? "" : `${at.slice(0, 19).replace("T", " ")} UTC`;
}
