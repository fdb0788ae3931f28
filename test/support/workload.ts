// A recorded load of tasks with checks on their answers, run through a real worker under one routing policy.
// The offline model answers alike under every name, so what a smaller one would get wrong is said with the
// task: `weak` for every model below the tier that it needs.

import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Policy } from "../../src/domain/run/snapshot.ts";
import { TIERS, type Tier } from "../../src/domain/prices.ts";
import { packageFile } from "../../src/package-root.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import type { World } from "./world.ts";

const taskSchema = z.strictObject({
  task: z.string(),
  needs: z.enum(["simple", "medium", "complex"]),
  /** All of these are in a right answer. */
  contains: z.array(z.string()).min(1),
  weak: z.string().optional(),
  /** What a model of the tier answers, where the offline model itself can't. */
  strong: z.string().optional(),
});

export type Task = z.infer<typeof taskSchema>;

export interface Measured {
  readonly policy: Policy;
  /** What the accounts of the runs were charged. */
  readonly chargedMicroUsd: number;
  /** What the offline model's own record says. */
  readonly billedMicroUsd: number;
  /** The part of it that paid for choosing a tier. */
  readonly choosingMicroUsd: number;
  /** By task, in the order of the load. */
  readonly costs: readonly number[];
  readonly passed: readonly boolean[];
  readonly calls: Readonly<Record<string, number>>;
}

const ORDER: readonly Tier[] = ["simple", "medium", "complex"];
const RUNS_AT_ONCE = 4;
const TIMES = 50;

export function readWorkload(): readonly Task[] {
  const text = readFileSync(packageFile("test/workload/routing.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => taskSchema.parse(JSON.parse(line)));
}

export async function measureWorkload(
  world: World,
  tasks: readonly Task[],
  policy: Policy,
): Promise<Measured> {
  await world.model.reset();
  await world.model.script(tasks.flatMap(repliesTo));
  const session = `workload-${policy}`;
  const results: RunResult[] = [];
  for (let from = 0; from < tasks.length; from += RUNS_AT_ONCE) {
    const some = tasks.slice(from, from + RUNS_AT_ONCE);
    const orders = some.map(({ task }) => ({ task, tenant: "bench", session, routing: policy }));
    const started = await Promise.all(orders.map((order) => world.client.start(order)));
    const ended = started.map(({ runId }) => world.client.result(runId));
    results.push(...(await Promise.all(ended)));
  }
  const whose = { scope: "session", tenant: "bench", session } as const;
  const [account] = await createBudgets(world.db).states([whose]);
  return {
    policy,
    chargedMicroUsd: (account?.spentMicroUsd ?? 0) + (account?.fearedMicroUsd ?? 0),
    billedMicroUsd: await world.model.billedMicroUsd(),
    choosingMicroUsd: policy === "by-classifier" ? await costOfChoosing(world, results) : 0,
    costs: results.map(({ costUsd }) => Math.round(costUsd * 1_000_000)),
    passed: results.map((result, at) => isRight(result, tasks[at])),
    calls: callsIn(results),
  };
}

/** The tasks are sent to each model below their tier with the same weak answer. */
function repliesTo({ task, needs, weak, strong }: Task): object[] {
  const below = ORDER.slice(0, ORDER.indexOf(needs)).map((tier) => TIERS[tier]);
  // As a run sends it; who chooses the tier is sent the task in brackets.
  const contains = `"text":${JSON.stringify(task)}`;
  const toModels = (models: readonly string[], text: string | undefined): object[] =>
    text === undefined
      ? []
      : models.map((model) => ({ times: TIMES, match: { model, contains }, reply: { text } }));
  const able = ORDER.slice(ORDER.indexOf(needs)).map((tier) => TIERS[tier]);
  return [...toModels(below, weak), ...toModels(able, strong)];
}

function isRight({ outcome, answer }: RunResult, task: Task | undefined): boolean {
  const said = answer ?? "";
  return (
    outcome.kind === "answered" && (task?.contains.every((part) => said.includes(part)) ?? false)
  );
}

/** The classifier's call is the first of its run, and offers no tools. */
async function costOfChoosing(world: World, results: readonly RunResult[]): Promise<number> {
  const records = await world.model.billing();
  const first = results.map(({ runId }) => records.find(({ runKey }) => runKey === runId));
  return first.reduce((sum, record) => sum + (record?.costMicroUsd ?? 0), 0);
}

function callsIn(results: readonly RunResult[]): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { models } of results) {
    for (const [model, count] of Object.entries(models)) {
      calls[model] = (calls[model] ?? 0) + count;
    }
  }
  return calls;
}
