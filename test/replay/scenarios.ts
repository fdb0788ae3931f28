// Runs whose histories are kept, to be replayed against every later version of the workflow.

import { identifyBatch } from "../../src/client/batch-order.ts";
import type { RunOrder } from "../../src/client/run-order.ts";
import { endedCount, itemRunId } from "../../src/domain/batch.ts";
import { approval, denial, waitingCalls } from "../support/approvals.ts";
import { aBatch, endedBatch, historyCount, standing } from "../support/batches.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import type { World } from "../support/world.ts";
import { BOOKS, booked, questioned, STEWARD, undone } from "./tool-plays.ts";
import { calls, done, held, start } from "./words.ts";

export interface Scenario {
  readonly name: string;
  readonly workerEnv?: NodeJS.ProcessEnv;
  readonly workerMain?: string;
  /** Gives the id of a run that has ended. */
  play(world: World): Promise<string>;
}

const ended = async (world: World, order: Partial<RunOrder> = {}): Promise<string> => {
  const runId = await start(world, order);
  await world.client.result(runId, AbortSignal.timeout(60_000));
  return runId;
};

const sum = (a: number): object => ({ name: "calculator", input: { expression: `${a} + 1` } });
const search = { name: "web_search", input: { query: "population of Earth" } };

const waitingInTurn = (world: World, runId: string, turn: number, count: number) =>
  until(`calls of turn ${turn} wait`, async () => {
    const waiting = await waitingCalls(world.client, runId, count);
    return waiting.every((call) => call.turn === turn) && waiting;
  });

/** A window of items over several histories: one fails, one outlives the history that began it. */
async function batch(world: World): Promise<string> {
  const tasks = ["Go on.", "Go on.", "Go on.", "Go on.", "Go on."];
  const { items, ...order } = aBatch(tasks, { concurrency: 2, key: "replay" });
  const given = items.map((item, at) => (at === 1 ? { ...item, agent: "nobody" } : item));
  const { batchId } = identifyBatch({ ...order, items: given }).input;
  const slow = { match: { runKey: itemRunId(batchId, 1) }, ...done, hold: true };
  await world.model.script([slow, { times: 3, ...done }]);
  await world.client.startBatch({ ...order, items: given });
  await standing(world, batchId, "waits for one", (b) => endedCount(b.ended) === 4);
  await until(
    "a later history looks after it",
    async () => (await historyCount(world, batchId)) > 1,
  );
  await world.model.release();
  await endedBatch(world, batchId);
  return batchId;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "plain-answer",
    play: async (world) => {
      await world.model.script([done]);
      return await ended(world);
    },
  },
  {
    name: "search-and-calculate",
    play: async (world) => {
      await world.model.script([calls(search), calls(sum(1)), done]);
      return await ended(world);
    },
  },
  {
    name: "parallel-tools",
    play: async (world) => {
      await world.model.script([
        calls(sum(1), search, sum(2), { name: "nobody", input: {} }),
        done,
      ]);
      return await ended(world);
    },
  },
  {
    name: "overloaded-once",
    play: async (world) => {
      await world.model.script([done]);
      await world.model.faults([{ kind: "overloaded" }]);
      return await ended(world);
    },
  },
  {
    // Two probes in vain, then a rate limit; over several histories, since a run moves on while it waits.
    name: "waits-for-capacity",
    workerEnv: { PAWL_BREAKER_FAILURES: "1", PAWL_HISTORY_MAX_EVENTS: "30" },
    play: async (world) => {
      await world.model.script([calls(sum(1)), done]);
      await world.model.faults([
        { kind: "overloaded", times: 2 },
        { kind: "rate_limit", retryAfterS: 2 },
      ]);
      return await ended(world);
    },
  },
  {
    // The provider's limit is in use when the run stops at one of its own: it waits its turn to sum up.
    name: "sums-up-in-turn",
    workerEnv: { PAWL_WRAP_UP: "1" },
    play: async (world) => {
      await world.model.limits({ requests: 4, filled: 0.8 });
      await world.model.script([calls(sum(1)), calls(sum(2)), calls(sum(3)), done]);
      return await ended(world, { limits: { modelCalls: 4 } });
    },
  },
  {
    // An overload, a stand-in, a refusal of it, and back; over several histories.
    name: "falls-back",
    workerEnv: {
      PAWL_FALLBACK_MODELS: "complex,simple",
      PAWL_FALLBACK_AFTER_ATTEMPTS: "1",
      PAWL_BREAKER_FAILURES: "100",
      PAWL_HISTORY_MAX_EVENTS: "30",
    },
    play: async (world) => {
      const [sonnet, opus, haiku] = ["sonnet", "opus", "haiku"].map((name) => ({
        model: `claude-${name}-5-5`,
      }));
      await world.model.script([calls(sum(1)), calls(sum(2)), calls(sum(3)), done]);
      await world.model.faults([
        { kind: "overloaded", match: sonnet },
        { kind: "refusal", match: opus, skip: 1, when: "mid" },
        { kind: "overloaded", match: haiku },
        { kind: "overloaded", match: sonnet, skip: 1 },
      ]);
      return await ended(world);
    },
  },
  {
    // The tools have answered twice when the small model finds nothing more to call; over two histories.
    name: "routed-per-turn",
    workerEnv: { PAWL_ROUTING: "per-turn", PAWL_HISTORY_MAX_EVENTS: "25" },
    play: async (world) => {
      const small = { match: { model: "claude-haiku-5-5" } };
      await world.model.script([
        { ...small, ...calls(sum(2)) },
        { ...small, ...done },
        calls(sum(1)),
        calls(sum(1)),
        done,
      ]);
      return await ended(world);
    },
  },
  {
    name: "routed-by-classifier",
    play: async (world) => {
      await world.model.script([{ match: { model: "claude-opus-5-5" }, ...done }]);
      return await ended(world, { routing: "by-classifier", task: "Design a bridge." });
    },
  },
  {
    name: "classifier-fails",
    play: async (world) => {
      await world.model.faults([{ kind: "auth" }]);
      await world.model.script([done]);
      return await ended(world, { routing: "by-classifier" });
    },
  },
  {
    name: "stopped-by-a-limit",
    play: async (world) => {
      await world.model.script([calls(sum(1)), calls(sum(2))]);
      return await ended(world, { limits: { modelCalls: 2 } });
    },
  },
  {
    name: "sums-up",
    workerEnv: { PAWL_WRAP_UP: "1" },
    play: async (world) => {
      await world.model.script([calls(sum(1)), calls(sum(2)), { reply: { text: "So far 3." } }]);
      return await ended(world, { limits: { modelCalls: 3 } });
    },
  },
  {
    // Two batches, one that expires and one that is taken back by an interrupt; live calls behind both.
    name: "batch-lane",
    workerEnv: { PAWL_BATCH_FIRST_LOOK_MS: "300" },
    play: async (world) => {
      await world.model.batchLane({ delayMs: 600, fates: [{ kind: "expired", skip: 1 }] });
      await world.model.script([calls(sum(1)), calls(sum(2)), calls(sum(3)), done]);
      const canWait = { forMs: 120_000 };
      const runId = await start(world, { canWait });
      await until("the third batch is made", async () => {
        const isThird = (await world.model.batches()).length === 3;
        if (isThird) await world.model.batchLane({ delayMs: 3_600_000 });
        return isThird;
      });
      await world.client.say(runId, { text: "And?", by: "tester", mode: "interrupt" });
      await until("the next batch is made", async () => (await world.model.batches()).length === 4);
      await world.model.batchLane({ delayMs: 0 });
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    // The first summary is empty and asked for again; the second comes in another history.
    name: "goes-on-from-summaries",
    workerEnv: { PAWL_HISTORY_MAX_EVENTS: "60" },
    play: async (world) => {
      const asked = { match: { contains: "will go on from a summary" } };
      const step = { text: "A tooth at a time. ".repeat(80), toolCalls: [sum(1)] };
      await world.model.script([
        { ...asked, reply: {} },
        { ...asked, times: 10, reply: { text: "So far 2." } },
        { times: 20, reply: step },
        done,
      ]);
      return await ended(world, { limits: { requestTokens: 8000, replyTokens: 512 } });
    },
  },
  {
    name: "parked-and-resumed",
    play: async (world) => {
      await world.model.script([calls(sum(1)), done]);
      const runId = await start(world, { limits: { modelCalls: 1 }, onLimit: "pause" });
      await until("the run waits", async () => {
        const shown = await world.client.show(runId);
        return shown.kind === "open" && shown.status === "waiting";
      });
      await world.client.resume(runId);
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    name: "three-histories",
    workerEnv: { PAWL_HISTORY_MAX_EVENTS: "15" },
    play: async (world) => {
      await world.model.script([...[1, 2, 3, 4].map((n) => calls(sum(n))), done]);
      return await ended(world);
    },
  },
  {
    // Each step begins in a history of its own, the waits at a limit too.
    name: "moves-at-every-step",
    workerEnv: { PAWL_HISTORY_MAX_EVENTS: "1" },
    play: async (world) => {
      await world.model.script([...[1, 2, 3, 4].map((n) => calls(sum(n), search)), done]);
      const runId = await start(world, { limits: { modelCalls: 3 }, onLimit: "pause" });
      await until("the run waits", async () => {
        const shown = await world.client.show(runId);
        return shown.kind === "open" && shown.status === "waiting";
      });
      await world.client.say(runId, { text: "And?", by: "tester" });
      await world.client.resume(runId);
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    // Approved, denied, always, edited and cancelled while asked; over two histories.
    name: "approvals",
    workerEnv: { PAWL_HISTORY_MAX_EVENTS: "30" },
    play: async (world) => {
      const write = (path: string): object => ({
        name: "write_file",
        input: { path, content: "x" },
      });
      await world.model.script([
        calls(write("a"), sum(1), write("b"), write("c")),
        calls(write("d"), sum(2)),
        calls(write("e")),
        calls(write("f")),
        calls(sum(3), sum(4)),
        done,
      ]);
      const runId = await start(world, { policy: { ask: ["calculator"] } });
      const [a, first, b, c] = await waitingCalls(world.client, runId, 4);
      await world.client.decide(runId, denial(c!));
      await world.client.decide(runId, approval(first!, { reason: "it adds up" }));
      const editedInput = { path: "edited", content: "y" };
      await world.client.decide(runId, approval(b!, { editedInput }));
      await world.client.decide(runId, approval(a, { always: true }));
      const [second] = await waitingInTurn(world, runId, 2, 1);
      await world.client.decide(runId, denial(second));
      await waitingInTurn(world, runId, 5, 2);
      await world.client.cancel(runId);
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    name: "approval-expired",
    workerEnv: { PAWL_APPROVAL_TIMEOUT_MS: "1500" },
    play: async (world) => {
      const write = { name: "write_file", input: { path: "a", content: "x" } };
      await world.model.script([calls(write), done]);
      return await ended(world);
    },
  },
  {
    name: "cancelled",
    play: async (world) => {
      await world.model.script([{ ...done, hold: true }]);
      const runId = await start(world);
      await held(world, runId);
      await world.client.cancel(runId);
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    name: "interrupted",
    play: async (world) => {
      const long = { reply: { text: "A pawl lets a ratchet turn forward. ".repeat(4) } };
      await world.model.script([long, done, { ...done, hold: true }, done]);
      await world.model.faults([{ kind: "hold", afterEvents: 6 }, { kind: "hold" }]);
      const runId = await start(world);
      for (const [index, mode] of (["interrupt", "interrupt", "queue"] as const).entries()) {
        await until("the next reply is on hold", async () => {
          const seen = (await world.model.requests()).filter((r) => r.runKey === runId);
          return seen.length === index + 1 && seen.at(-1)?.state === "held";
        });
        await world.client.say(runId, { text: `Said ${index}.`, by: "tester", mode });
      }
      await world.model.release();
      await world.client.result(runId, AbortSignal.timeout(60_000));
      return runId;
    },
  },
  {
    name: "out-of-time",
    play: async (world) => {
      await world.model.script([{ ...done, hold: true }]);
      return await ended(world, { limits: { wallClockMs: 3000 } });
    },
  },
  // Over several histories, since it moves on between two.
  {
    name: "compensated",
    ...BOOKS,
    workerEnv: { ...BOOKS.workerEnv, PAWL_HISTORY_MAX_EVENTS: "30" },
    play: booked,
  },
  { name: "undone", ...BOOKS, play: undone },
  // Two tools ask at once, one of them twice; one is told no. It moves on while it waits.
  {
    name: "questions",
    ...STEWARD,
    play: questioned,
  },
  { name: "batch", workerEnv: { ...PATIENT, PAWL_HISTORY_MAX_EVENTS: "25" }, play: batch },
];
