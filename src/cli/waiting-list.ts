// A command that lists what waits for a person, of all runs or of one, or shows one call of it whole.

import type { Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { OfRun, WaitingQuery } from "../client/waiting.ts";
import { withClient, type CliContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";

type OpenRun = Extract<Awaited<ReturnType<RunClient["show"]>>, { readonly kind: "open" }>;

export interface WaitingList<Pending extends object, Shown extends object> {
  readonly name: string;
  readonly description: string;
  /** What is shown where a call is named. */
  readonly whole: string;
  /** Said where nothing waits. */
  readonly none: string;
  all(client: RunClient, query: WaitingQuery): Promise<readonly (Pending & OfRun)[]>;
  /** As they wait now; the list of all runs is a second or so late. */
  of(run: OpenRun): readonly Pending[];
  one(client: RunClient, runId: string, callId: string): Promise<Shown>;
  textOf(call: Pending & OfRun): string;
  wholeText(call: Shown): string;
}

interface Options {
  readonly tenant?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function addWaitingList<Pending extends object, Shown extends object>(
  program: Command,
  context: CliContext,
  list: WaitingList<Pending, Shown>,
): void {
  program
    .command(list.name)
    .description(list.description)
    .argument("[id]", "only this run's")
    .argument("[call]", list.whole)
    .option("--tenant <name>", "only this tenant's")
    .option("--limit <n>", "how many (100)", positiveInteger)
    .option("--json", "one call per line")
    .action((runId: string | undefined, callId: string | undefined, options: Options) =>
      withClient(context, async (client) => {
        const { json, ...query } = options;
        const print = (call: object, text: string): void =>
          void context.stdout.write(`${json === true ? JSON.stringify(call) : text}\n`);
        if (runId !== undefined && callId !== undefined) {
          const shown = await list.one(client, runId, callId);
          return print(shown, list.wholeText(shown));
        }
        const waiting = await (runId === undefined
          ? list.all(client, query)
          : ofRun(client, runId, list));
        for (const call of waiting) print(call, list.textOf(call));
        if (waiting.length === 0) context.stderr.write(`${list.none}\n`);
      }),
    );
}

async function ofRun<Pending extends object>(
  client: RunClient,
  runId: string,
  list: Pick<WaitingList<Pending, object>, "of">,
): Promise<readonly (Pending & OfRun)[]> {
  const run = await client.show(runId);
  if (run.kind === "ended") return [];
  const { tenant, agent, task } = run.about;
  return list.of(run).map((pending) => ({ ...pending, runId, tenant, agent, task }));
}
