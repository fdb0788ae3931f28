// Runs driven through a real worker, and what is true of each of them once it has ended: the ledger
// charged at least what the provider billed, nothing is held any more, and the rules decide of its history
// what was done.

import { expect } from "@jest/globals";
import { isToolUse, type Block, type Message } from "../../src/domain/message.ts";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { checkDecisions, historiesIn } from "./decided-history.ts";
import { createLedger } from "../../src/store/ledger.ts";
import type { ModelRequestSeen } from "./offline-model.ts";
import type { Process } from "./processes.ts";
import { openWorld, type World, type WorldOptions } from "./world.ts";

/** For tests in which a provider that answers late on a busy machine must not look like a fault. */
export const PATIENT: NodeJS.ProcessEnv = {
  PAWL_FIRST_BYTE_TIMEOUT_MS: "60000",
  PAWL_IDLE_TIMEOUT_MS: "60000",
  PAWL_PROGRESS_TIMEOUT_MS: "60000",
  PAWL_CALL_TIMEOUT_MS: "120000",
};

export interface RunSeen {
  readonly result: RunResult;
  readonly requests: readonly ModelRequestSeen[];
  readonly billedMicroUsd: number;
}

export interface RunBench {
  readonly world: World;
  readonly worker: Process;
  start(task: string, order?: Partial<RunOrder>): Promise<string>;
  /** Waits for the end of the run and holds its books against the provider's. */
  ended(runId: string): Promise<RunSeen>;
  run(task: string, order?: Partial<RunOrder>): Promise<RunSeen>;
  events(runId: string): Promise<readonly RunEvent[]>;
  /** Lines that workers logged of this run, by the name of the event. */
  logged(runId: string, event: string): readonly Record<string, unknown>[];
  close(): Promise<void>;
}

export async function openRunBench(options: WorldOptions = {}): Promise<RunBench> {
  const world = await openWorld(options);
  const worker = await world.startWorker();
  const ledger = createLedger(world.db);

  const start: RunBench["start"] = async (task, order = {}) => {
    const { runId } = await world.client.start({ task, tenant: "test", session: "test", ...order });
    return runId;
  };
  const ended: RunBench["ended"] = async (runId) => {
    const result = await world.client.result(runId);
    const requests = (await world.model.requests()).filter(({ runKey }) => runKey === runId);
    const billedMicroUsd = await world.model.billedMicroUsd(runId);
    const { spentMicroUsd, fearedMicroUsd, heldMicroUsd } = await ledger.totals(runId);
    expect(heldMicroUsd).toBe(0);
    const costMicroUsd = spentMicroUsd + fearedMicroUsd;
    expect(costMicroUsd).toBeGreaterThanOrEqual(billedMicroUsd);
    expect(microUsd(result.costUsd)).toBe(costMicroUsd);
    const { histories } = await world.client.exportHistories(runId);
    const { differences } = await checkDecisions(historiesIn(histories));
    expect(differences).toEqual([]);
    return { result, requests, billedMicroUsd };
  };
  return {
    world,
    worker,
    start,
    ended,
    run: async (task, order) => await ended(await start(task, order)),
    events: async (runId) => {
      const events: RunEvent[] = [];
      for await (const event of world.client.watch(runId)) events.push(event);
      return events;
    },
    logged: (runId, event) =>
      worker.lines
        .filter((line) => line.startsWith("{") && line.includes(runId))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["event"] === event),
    close: () => world.close(),
  };
}

export function microUsd(usd: number): number {
  return Math.round(usd * 1_000_000);
}

/** The conversation of a request, block by block, each with who said it. */
export function blocksSent({ body }: ModelRequestSeen): readonly { role: string; block: Block }[] {
  const messages = (body?.messages ?? []) as readonly Message[];
  return messages.flatMap(({ role, content }) => content.map((block) => ({ role, block })));
}

/** The answers to the newest tool calls, with the ids of those calls in the order of the model. */
export function lastAnswers({ body }: ModelRequestSeen): {
  readonly asked: readonly string[];
  readonly answered: readonly { id: unknown; text: string; isError: boolean }[];
} {
  const messages = (body?.messages ?? []) as readonly Message[];
  const at = messages.findLastIndex(({ role }) => role === "assistant");
  const asked = messages[at]?.content.filter(isToolUse).map(({ id }) => id) ?? [];
  const answered = (messages[at + 1]?.content ?? []).map((block) => ({
    id: "tool_use_id" in block ? block.tool_use_id : undefined,
    text: String("content" in block ? block.content : ""),
    isError: "is_error" in block && block.is_error === true,
  }));
  return { asked, answered };
}

/** Where the prompt cache may begin moves on with the conversation; what is said does not change by it. */
function unmarked(blocks: ReturnType<typeof blocksSent>): ReturnType<typeof blocksSent> {
  return blocks.map(({ role, block }) => ({ role, block: { ...block, cache_control: undefined } }));
}

/** Every request of a run begins with all of the one before it: nothing is edited, nothing dropped. */
export function expectOnlyGrowth(requests: readonly ModelRequestSeen[]): void {
  for (const [index, later] of requests.entries()) {
    const before = requests[index - 1];
    if (before === undefined) continue;
    const sent = unmarked(blocksSent(before));
    expect(unmarked(blocksSent(later)).slice(0, sent.length)).toEqual(sent);
    expect(JSON.stringify(later.body?.system)).toBe(JSON.stringify(before.body?.system));
    expect(JSON.stringify(later.body?.tools)).toBe(JSON.stringify(before.body?.tools));
  }
}
