// What a run would cost in Temporal Cloud beside its tokens: actions of the run itself and of each turn,
// beats of a reply that takes its time, and bytes of history.

import { setTimeout as pause } from "node:timers/promises";
import { actionsIn, ACTIONS, requestsOf, totalOf, type ActionCounts } from "./actions.ts";
import { BARE_TASK_QUEUE } from "./bare/task-queue.ts";
import { newLabel, type Stage } from "./stage.ts";

export interface Cloud {
  /** Of one turn, on average. */
  readonly turn: ActionCounts;
  /** Of a run without its turns: its start, its first and its last steps. */
  readonly base: ActionCounts;
  readonly bareTurn: ActionCounts;
  readonly historyBytesPerTurn: number;
  readonly bareHistoryBytesPerTurn: number;
  /** In ten seconds of one reply. */
  readonly heartbeats: number;
  readonly bareHeartbeats: number;
}

interface RunSeen {
  readonly actions: ActionCounts;
  readonly bytes: number;
}

const TURNS = 11;
const SLOW_TURNS = 2;
/** The reply is some 80 characters long. */
const SLOW_PACE = { chunkDelayMs: 1000, chunkChars: 8 };
/** The server tells its figures from time to time. */
const METRICS_AFTER_MS = 3000;
const BEAT = "RecordActivityTaskHeartbeat";

export async function measureCloud(stage: Stage): Promise<Cloud> {
  const [one, more] = [await pawlRun(stage, 1), await pawlRun(stage, TURNS)];
  const [bareOne, bareMore] = [await bareRun(stage, 1), await bareRun(stage, TURNS)];
  const turn = slope(one.actions, more.actions);
  return {
    turn,
    base: each((name) => one.actions[name] - turn[name]),
    bareTurn: slope(bareOne.actions, bareMore.actions),
    historyBytesPerTurn: (more.bytes - one.bytes) / (TURNS - 1),
    bareHistoryBytesPerTurn: (bareMore.bytes - bareOne.bytes) / (TURNS - 1),
    heartbeats: await beatsInTenSeconds(stage, () => pawlRun(stage, SLOW_TURNS)),
    bareHeartbeats: await beatsInTenSeconds(stage, () => bareRun(stage, SLOW_TURNS)),
  };
}

export function actionsOf({ base, turn, heartbeats }: Cloud, turns: number, replyS: number) {
  return totalOf(base) + turns * (totalOf(turn) + (heartbeats * replyS) / 10);
}

function each(figure: (name: keyof ActionCounts) => number): ActionCounts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of every name there is one
  return Object.fromEntries(ACTIONS.map((name) => [name, figure(name)])) as ActionCounts;
}

function slope(one: ActionCounts, more: ActionCounts): ActionCounts {
  return each((name) => (more[name] - one[name]) / (TURNS - 1));
}

async function beatsInTenSeconds({ world }: Stage, run: () => Promise<unknown>): Promise<number> {
  await world.model.pace(SLOW_PACE.chunkDelayMs, SLOW_PACE.chunkChars);
  try {
    await pause(METRICS_AFTER_MS);
    const before = await requestsOf(world.metricsUrl, BEAT);
    const startedAt = performance.now();
    await run();
    const seconds = (performance.now() - startedAt) / 1000;
    await pause(METRICS_AFTER_MS);
    return ((await requestsOf(world.metricsUrl, BEAT)) - before) / (seconds / 10);
  } finally {
    await world.model.pace(0);
  }
}

async function pawlRun(stage: Stage, turns: number): Promise<RunSeen> {
  const { world, client } = stage;
  const label = newLabel();
  // The last call answers, and is a turn as well.
  await stage.script([{ label, turns: turns - 1 }]);
  const { runId } = await world.client.start({ task: label, tenant: "bench", session: label });
  await world.client.result(runId);
  return await seen(client, runId);
}

async function bareRun({ client }: Stage, turns: number): Promise<RunSeen> {
  const workflowId = newLabel();
  const args = [turns];
  await client.workflow.execute("bareLoop", { workflowId, taskQueue: BARE_TASK_QUEUE, args });
  return await seen(client, workflowId);
}

async function seen(client: Stage["client"], workflowId: string): Promise<RunSeen> {
  const handle = client.workflow.getHandle(workflowId);
  const [history, { historySize = 0 }] = await Promise.all([
    handle.fetchHistory(),
    handle.describe(),
  ]);
  return { actions: actionsIn(history.events ?? []), bytes: historySize };
}
