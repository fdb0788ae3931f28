// Temporal's own door: whatever can reach it starts runs and batches with inputs of its own, and signals, updates
// and asks those that are there.

import type { Client } from "@temporalio/client";
import { randomBytes } from "node:crypto";
import { identify } from "../../src/client/run-order.ts";
import {
  BATCH_WORKFLOW_TYPE,
  DECIDE_UPDATE,
  SIGNALS,
  WORKFLOW_TYPE,
} from "../../src/temporal/names.ts";
import type { Complaints } from "./complaints.ts";
import { oddText, oddValue, spoiled, type Dice } from "./odd-values.ts";

export interface TemporalScene {
  readonly client: Client;
  readonly taskQueue: string;
  readonly runIds: readonly string[];
  readonly complaints: Complaints;
}

const UPDATE_PATIENCE_MS = 5000;
const BATCH = {
  batchId: "batch_x",
  tenant: "acme",
  digest: "d",
  items: 2,
  concurrency: 2,
  capMicroUsd: null,
};

export async function abuseTemporal(dice: Dice, scene: TemporalScene): Promise<void> {
  const { client, taskQueue, runIds } = scene;
  const run = client.workflow.getHandle(dice.oneOf(runIds));
  const { input } = identify({ task: "What is 6 * 7?", tenant: "acme", session: "s" });
  const args = (): unknown[] => Array.from({ length: dice.upTo(3) }, () => oddValue(dice));
  const workflowId = `run_abuse_${randomBytes(8).toString("hex")}`;
  const choices: readonly (() => Promise<unknown>)[] = [
    () => run.signal(dice.oneOf([...Object.values(SIGNALS), oddText(dice)]), ...args()),
    () =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue,
        args: [spoiled(dice, { ...input })],
      }),
    () =>
      client.workflow.start(BATCH_WORKFLOW_TYPE, {
        workflowId: `batch_abuse_${workflowId}`,
        taskQueue,
        args: [spoiled(dice, BATCH)],
      }),
    () => bounded(run.executeUpdate(DECIDE_UPDATE, { args: [oddValue(dice)] as [unknown] })),
    () => bounded(run.query(oddText(dice), ...args())),
  ];
  // What is refused is as it should be; what becomes of those that were taken is looked at in the end.
  await dice
    .oneOf(choices)()
    .catch(() => undefined);
}

async function bounded(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, UPDATE_PATIENCE_MS)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const WEDGED_ATTEMPTS = 3;
const END_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 1000;
const OPEN_MAX = 60;

/** The oldest first: what a worker remembers of open runs is no leak, so they may not become more and more. */
export async function endOldest({ client }: TemporalScene): Promise<void> {
  const open = await openRuns(client);
  for (const id of open.slice(OPEN_MAX)) await cancel(client, id);
}

/** The newest first. */
async function openRuns(client: Client): Promise<readonly string[]> {
  const found: string[] = [];
  const query = "ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
  return found;
}

async function cancel(client: Client, id: string): Promise<void> {
  await client.workflow
    .getHandle(id)
    .cancel()
    .catch(() => undefined);
}

/** Whatever is open ends when it is told to: a run whose workflow task fails again and again can't. */
export async function endAll({ client, complaints }: TemporalScene): Promise<string> {
  const open = async (): Promise<readonly string[]> => await openRuns(client);
  const first = await open();
  for (const id of first) await cancel(client, id);
  const deadline = Date.now() + END_WITHIN_MS;
  let left = await open();
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    left = await open();
  }
  for (const id of left) complaints.add(await wedge(client, id));
  return `${first.length} runs were open and told to end, ${left.length} did not`;
}

async function wedge(client: Client, id: string): Promise<string> {
  const handle = client.workflow.getHandle(id);
  const { raw } = await handle.describe();
  const attempts = raw.pendingWorkflowTask?.attempt ?? 0;
  const [started] = (await handle.fetchHistory()).events ?? [];
  const input = started?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data ?? [];
  const how = attempts > WEDGED_ATTEMPTS ? `its workflow task failed ${attempts} times` : "open";
  return `wedged: ${id}, ${how}: ${Buffer.from(input).toString("utf8").slice(0, 500)}`;
}
