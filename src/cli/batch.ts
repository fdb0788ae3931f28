// `pawl batch FILE`: a file of tasks as one durable batch, shown to its end.

import { Option, type Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { BatchOrder } from "../client/batch-order.ts";
import type { Config } from "../config.ts";
import { BATCH_CONCURRENCY_MAX } from "../domain/batch.ts";
import { PawlError } from "../domain/errors.ts";
import { lowestOf, PERMISSIONS, type Permission } from "../domain/permission.ts";
import { present } from "../domain/present.ts";
import { withClient, type CliContext } from "./context.ts";
import { followBatch } from "./follow-batch.ts";
import { dollarsAsMicroUsd, durationMs, positiveInteger, waitOf } from "./option-values.ts";
import { bytesOf, checkWritable, STDIN } from "./told-files.ts";

interface BatchFlags {
  readonly concurrency: number;
  readonly maxCost?: number;
  readonly key?: string;
  readonly tenant?: string;
  readonly canWait?: boolean;
  readonly canWaitFor?: number;
  readonly permission?: Permission;
  readonly detach?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const CONCURRENCY_DEFAULT = 10;

export function addBatch(program: Command, context: CliContext): void {
  program
    .command("batch")
    .description("run a file of tasks as one batch; Ctrl-C detaches, the batch goes on")
    .argument(
      "<file>",
      "one JSON object a line: task, and id, agent, tier, model, limits, canWait, permission; - reads what is piped in",
    )
    .option("--concurrency <n>", "runs at once (10)", positiveInteger, CONCURRENCY_DEFAULT)
    .option("--max-cost <usd>", "what all of it may cost together", dollarsAsMicroUsd)
    .option("--key <key>", "the same key and file give the same batch")
    .option("--tenant <name>", "who pays")
    .option("--can-wait", "replies from the batch lane: half price, each within a day")
    .option(
      "--can-wait-for <duration>",
      "the same, but each answered by then, such as 2h",
      durationMs,
    )
    .addOption(
      new Option("--permission <most>", "don't offer tools above this").choices(PERMISSIONS),
    )
    .option("--detach", "print the batch's id and return")
    .option("--out <file>", "write the results there (FILE.results.jsonl, or BATCH.results.jsonl)")
    .option("--json", "one line a step, the summary last")
    .action(async (file: string, flags: BatchFlags) => {
      const [{ readItems }, { readConfig }] = await Promise.all([
        import("../client/batch-lines.ts"),
        import("../config.ts"),
      ]);
      const { table } = readConfig(context.env).models;
      const items = readItems(await bytesOf(file, context), table);
      const outOf = await resultsFile(file, flags);
      const start = async (client: RunClient, config: Config): Promise<number> => {
        const { batchId, created } = await client.startBatch(orderOf(items, flags, config));
        const out = outOf(batchId);
        if (flags.detach === true) return detach(context, batchId, { out, json: flags.json });
        if (!created) context.stderr.write("This key has been used before: showing its batch.\n");
        return await followBatch(context, client, batchId, { out, json: flags.json });
      };
      await withClient(context, start, "start a run");
    });
}

/**
 * `tasks.jsonl` gives `tasks.results.jsonl`; what was piped in, or is no file that stays, is named by its batch.
 * Throws PawlError FILE_UNUSABLE, before anything is spent, where nothing can be written there.
 */
async function resultsFile(
  file: string,
  { out, detach: isLeft }: BatchFlags,
): Promise<(batchId: string) => string> {
  const beside = file === STDIN || /^\/(dev|proc)\//.test(file) ? null : besideOf(file);
  const named = out ?? beside;
  if (out !== undefined || isLeft !== true) await checkWritable(named ?? besideOf("batch"));
  return (batchId) => named ?? besideOf(batchId);
}

function besideOf(name: string): string {
  return `${name.replace(/\.jsonl$/, "")}.results.jsonl`;
}

function orderOf(
  items: BatchOrder["items"],
  { concurrency, maxCost, key, tenant, permission, ...wait }: BatchFlags,
  config: Config,
): BatchOrder {
  if (concurrency > BATCH_CONCURRENCY_MAX) {
    throw new PawlError("USAGE", `--concurrency is at most ${BATCH_CONCURRENCY_MAX}.`, {
      next: "take fewer at once",
    });
  }
  return {
    items: items.map((item) => ({
      ...waitOf(wait),
      ...item,
      ...present({ permission: lowestOf([permission, item.permission]) }),
    })),
    concurrency,
    tenant: tenant ?? config.caller.tenant,
    capMicroUsd: maxCost ?? null,
    ...present({ key }),
  };
}

interface DetachedBatch {
  readonly out: string;
  readonly json: boolean | undefined;
}

function detach(
  { stdout, stderr }: CliContext,
  batchId: string,
  { out, json }: DetachedBatch,
): number {
  stdout.write(
    json === true ? `${JSON.stringify({ type: "batch.started", batchId })}\n` : `${batchId}\n`,
  );
  stderr.write(`Watch it: pawl attach ${batchId} --out ${out}\n`);
  return 0;
}
