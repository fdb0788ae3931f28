// `pawl run "task"`: starts a run and shows it to its end.

import { Option, type Command } from "commander";
import { countsOf } from "../client/caller-limits.ts";
import type { RunClient } from "../client/run-client.ts";
import type { RunOrder } from "../client/run-order.ts";
import type { Config } from "../config.ts";
import { endingModels, endingText } from "../domain/model-end.ts";
import { ASKED_LIMITS, type AskedKey } from "../domain/limit-table.ts";
import { TIER_NAMES } from "../domain/model-table.ts";
import type { Tier } from "../domain/prices.ts";
import { POLICIES, type Policy } from "../domain/run/snapshot.ts";
import { ON_FAILURE, type OnFailure } from "../domain/effect.ts";
import { PERMISSIONS, type Permission } from "../domain/permission.ts";
import { present } from "../domain/present.ts";
import { withClient, type CliContext } from "./context.ts";
import { follow } from "./follow.ts";
import { keptOldNotices } from "./kept-old.ts";
import {
  dollarsAsMicroUsd,
  durationMs,
  positiveInteger,
  taskText,
  toolNames,
  waitOf,
} from "./option-values.ts";
import { withLocalToken } from "./page-address.ts";
import { keyboardFor, rendererFor } from "./show-events.ts";
import { bytesOf, STDIN, textOf } from "./told-files.ts";

interface RunOptions extends Readonly<Partial<Record<AskedKey, number>>> {
  readonly agent?: string;
  readonly tier?: Tier;
  readonly model?: string;
  readonly route?: Policy;
  readonly maxCost?: number;
  readonly timeout?: number;
  readonly onLimit: "stop" | "pause";
  readonly onFailure?: OnFailure;
  readonly canWait?: boolean;
  readonly canWaitFor?: number;
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
  readonly permission?: Permission;
  readonly tenant?: string;
  readonly session?: string;
  readonly key?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description("start a run and watch it; Ctrl-C detaches, the run goes on")
    .argument("<task>", "what the agent is to do; - reads what is piped in", taskText)
    .option("--agent <name>", "agent to use")
    .addOption(new Option("--tier <tier>", "class of model").choices(TIER_NAMES))
    .option("--model <id>", "model to use instead of the tier's")
    .addOption(new Option("--route <policy>", "who chooses the model").choices(POLICIES))
    .option("--max-cost <usd>", "what the run may cost", dollarsAsMicroUsd);
  for (const { key, means } of ASKED_LIMITS) {
    command.option(`--${inKebabCase(key)} <n>`, means, positiveInteger);
  }
  command
    .option("--timeout <duration>", "wall clock of the run, such as 120s", durationMs)
    .addOption(
      new Option("--on-limit <what>", "at a limit: end the run, or wait for `pawl resume`")
        .choices(["stop", "pause"])
        .default("stop"),
    )
    .addOption(
      new Option(
        "--on-failure <what>",
        "what tools did, where the run fails or is cancelled",
      ).choices(ON_FAILURE),
    )
    .option("--can-wait", "replies from the batch lane: half price, each within a day")
    .option("--can-wait-for <duration>", "the same, but answered by then, such as 2h", durationMs)
    .option(
      "--ask <tools>",
      "ask a person before each call of these, separated by commas",
      toolNames,
    )
    .option("--deny <tools>", "don't use these, separated by commas", toolNames)
    .addOption(
      new Option("--permission <most>", "don't offer tools above this").choices(PERMISSIONS),
    )
    .option("--tenant <name>", "who pays")
    .option("--session <name>", "what the run belongs to")
    .option("--key <key>", "the same key and task give the same run")
    .option("--detach", "print the run's id and return")
    .option("--json", "one event per line, the result last")
    .action(async (given: string, options: RunOptions) => {
      const task = given === STDIN ? await pipedTask(context) : given;
      const start = async (client: RunClient, config: Config): Promise<number> => {
        const { runId, link, created } = await client.start(orderOf(task, options, config));
        const page = client.pageLink(runId);
        for (const text of await keptOldNotices(config)) context.stderr.write(`${text}\n`);
        if (options.detach === true) {
          return await detach(context, client, { runId, link: link ?? page, options });
        }
        const renderer = await rendererFor(context, options);
        if (!created) renderer.notice("This key has been used before: showing its run.");
        for (const text of endingTexts(options, config)) renderer.notice(text);
        if (page !== null && options.json !== true) {
          const shown = context.isTerminal ? await withLocalToken(page, config) : page;
          context.stderr.write(`Page: ${shown}\n`);
        }
        return await follow(client, runId, renderer, keyboardFor(context, options));
      };
      await withClient(context, start, "start a run");
    });
}

/** More than any task may have; the rules for tasks say how much that is. */
const PIPED_BYTES_MAX = 4 * 1024 * 1024;

async function pipedTask(context: CliContext): Promise<string> {
  const bytes = await bytesOf(STDIN, context, PIPED_BYTES_MAX);
  return taskText(textOf(bytes, "What is piped in").replace(/\r?\n$/, ""));
}

/** Commander turns it back. */
function inKebabCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function orderOf(task: string, options: RunOptions, config: Config): RunOrder {
  const { agent, tier, model, key, onLimit, onFailure, permission } = options;
  return {
    task,
    tenant: options.tenant ?? config.caller.tenant,
    session: options.session ?? config.caller.session,
    onLimit,
    limits: {
      ...present({ costMicroUsd: options.maxCost, wallClockMs: options.timeout }),
      ...countsOf(options),
    },
    ...present({ agent, tier, model, routing: options.route, onFailure, permission, key }),
    ...waitOf(options),
    ...policyOf(options),
  };
}

/** A model that ends soon is better left before that day. */
function endingTexts(
  { model }: RunOptions,
  { agent, models: { table } }: Config,
): readonly string[] {
  const today = new Date().toISOString();
  return endingModels(table, [model ?? agent.model ?? ""], today).map(endingText);
}

function policyOf({ ask = [], deny = [] }: RunOptions): Pick<RunOrder, "policy"> {
  return ask.length + deny.length === 0 ? {} : { policy: { ask, deny } };
}

interface DetachedRun {
  readonly runId: string;
  readonly link: string | null;
  readonly options: RunOptions;
}

async function detach(
  { stdout, stderr }: CliContext,
  client: RunClient,
  { runId, link, options }: DetachedRun,
): Promise<number> {
  if (options.json === true) {
    for await (const event of client.watch(runId)) {
      stdout.write(`${JSON.stringify(event)}\n`);
      break;
    }
    return 0;
  }
  stdout.write(`${runId}\n`);
  if (link !== null) stdout.write(`${link}\n`);
  stderr.write(`Watch it: pawl attach ${runId}\n`);
  return 0;
}
