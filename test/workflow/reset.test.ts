// A run that was reset from outside goes on in another history, and whoever reads it follows.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { eventsOf } from "../support/history-size.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";
import { withTemporalClient } from "../support/temporal-client.ts";

const TIMEOUT_MS = 120_000;
const CALL = { name: "calculator", input: { expression: "6*7" } };
let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

/** To its first workflow task, as the CLI of Temporal does it. */
async function reset(runId: string): Promise<string> {
  const { temporal } = bench.world;
  return await withTemporalClient(temporal, async (client) => {
    const { runId: newest } = await client.workflow.getHandle(runId).describe();
    const { runId: next } = await client.workflowService.resetWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: runId, runId: newest },
      reason: "again",
      workflowTaskFinishEventId: 4 as never,
      requestId: randomUUID(),
    });
    return next;
  });
}

async function untilHeld(requests: number): Promise<void> {
  await until(`request ${requests} is on hold`, async () => {
    const seen = await bench.world.model.requests().catch(() => []);
    return seen.length >= requests && seen.at(-1)?.state === "held";
  });
}

function expectGrowing(events: readonly RunEvent[]): void {
  const places = events.map(({ id }) => id.split(".").map(Number));
  for (const [index, [execution = 0, eventId = 0]] of places.entries()) {
    const [before = 0, last = 0] = places[index - 1] ?? [];
    expect(execution > before || (execution === before && eventId >= last)).toBe(true);
  }
}

function durable(events: readonly RunEvent[]): readonly string[] {
  return events.filter(({ type }) => type !== "reply.delta").map(({ id }) => id);
}

describe("a run that is reset", () => {
  it(
    "while somebody watches and somebody waits leads both on to the one that took its place",
    async () => {
      await bench.world.model.script([
        { reply: { text: "First.", toolCalls: [CALL] } },
        { hold: true, reply: { text: "Lost." } },
        { times: 9, reply: { text: "Done." } },
      ]);
      const { client } = bench.world;
      const runId = await bench.start("Work.");
      const seen: RunEvent[] = [];
      const watching = (async () => {
        for await (const event of client.watch(runId)) seen.push(event);
      })();
      const waiting = client.result(runId);
      await untilHeld(2);
      await until("the second turn is told", () =>
        seen.some((event) => event.type === "turn.started" && event.turn === 2),
      );
      await reset(runId);
      const result = await waiting;
      await watching;
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
      expect(seen.at(-1)).toMatchObject({ type: "run.ended", result: { answer: "Done." } });
      const types = seen.map(({ type }) => type);
      expect(types.filter((type) => type === "run.started")).toHaveLength(1);
      expect(types.filter((type) => type === "run.ended")).toHaveLength(1);
      const at = seen.findIndex(
        (event) => event.type === "run.continued" && event.reason === "reset",
      );
      expect(at).toBeGreaterThan(0);
      expectGrowing(seen);
      // Whoever comes later is told the same, replies in one piece, and goes on behind each of them.
      const later = await bench.events(runId);
      expect(durable(later)).toEqual(durable(seen));
      for (const [index, { id: after }] of later.entries()) {
        const rest: string[] = [];
        for await (const { id } of client.watch(runId, { after })) rest.push(id);
        expect(rest).toEqual(later.slice(index + 1).map(({ id }) => id));
      }
    },
    TIMEOUT_MS,
  );

  it(
    "after it has ended is shown as it ended the second time, everywhere, and is listed once",
    async () => {
      await bench.world.model.script([
        { reply: { text: "One." } },
        { times: 9, reply: { text: "Two." } },
      ]);
      const { client } = bench.world;
      const runId = await bench.start("Work.", { session: "reset" });
      expect((await client.result(runId)).answer).toBe("One.");
      await reset(runId);
      await until("it has ended again", async () => {
        const shown = await client.show(runId);
        return shown.kind === "ended" && shown.result.answer === "Two.";
      });
      expect((await client.result(runId)).answer).toBe("Two.");
      const events = await bench.events(runId);
      expect(events.at(-1)).toMatchObject({ type: "run.ended", result: { answer: "Two." } });
      expect(events.filter(({ type }) => type === "run.ended")).toHaveLength(1);
      const { histories } = await client.exportHistories(runId);
      expect(histories.map((history) => eventsOf(history).length > 5)).toEqual([true, true]);
      const listed = await until("the list knows both", async () => {
        const runs = await client.list({ session: "reset", outcome: "answered" });
        return runs.length > 0 && runs;
      });
      expect(listed.map((run) => run.runId)).toEqual([runId]);
      const { runs } = await client.page({ session: "reset" });
      expect(runs.map((run) => run.runId)).toEqual([runId]);
    },
    TIMEOUT_MS,
  );

  it(
    "while it waits is listed once, as open, and not among those that ended",
    async () => {
      await bench.world.model.script([{ times: 9, hold: true, reply: { text: "Done." } }]);
      const { client } = bench.world;
      const runId = await bench.start("Work.", { session: "open" });
      await untilHeld(1);
      await reset(runId);
      await untilHeld(2);
      await until("the list knows both histories", async () => {
        const { temporal } = bench.world;
        return await withTemporalClient(temporal, async (raw) => {
          const { count } = await raw.workflow.count(`WorkflowId = '${runId}'`);
          return count === 2;
        });
      });
      const statuses = (await client.list({ session: "open" })).map(({ status }) => status);
      expect(statuses).toEqual(["running"]);
      expect(await client.list({ session: "open", status: "ended" })).toEqual([]);
      await client.cancel(runId);
      await client.result(runId);
    },
    TIMEOUT_MS,
  );
});
