// Whoever may signal, update or start a workflow may send anything. Nothing of it wedges a run, costs money, or
// keeps anybody from reading it: what is no message is passed over, what is no decision is refused in words, and
// what is no order fails at once.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Client } from "@temporalio/client";
import { RAISE_UPDATE, DECIDE_UPDATE, SIGNALS, WORKFLOW_TYPE } from "../../src/temporal/names.ts";
import { GARBAGE } from "../support/garbage.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";
import { withTemporalClient } from "../support/temporal-client.ts";

const TIMEOUT_MS = 240_000;
const QUEUE = "pawl";
let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

async function raw<T>(use: (client: Client, namespace: string) => Promise<T>): Promise<T> {
  const { temporal } = bench.world;
  return await withTemporalClient(temporal, (client) => use(client, temporal.namespace));
}

/** A run whose first reply is on hold. */
async function held(): Promise<string> {
  await bench.world.model.script([{ hold: true, reply: { text: "Done." } }]);
  const runId = await bench.start("Work.");
  await until("the request is on hold", async () => {
    return (await bench.world.model.requests().catch(() => [])).some(
      ({ state }) => state === "held",
    );
  });
  return runId;
}

const taskFailures = (runId: string): Promise<number> =>
  bench.world.client
    .exportHistories(runId)
    .then(({ histories }) => JSON.stringify(histories).split("WORKFLOW_TASK_FAILED").length - 1);

describe("a run that is sent garbage", () => {
  it(
    "by every signal passes it over, says so in the log, and is answered",
    async () => {
      const runId = await held();
      await raw(async (client, namespace) => {
        for (const signalName of Object.values(SIGNALS)) {
          for (const [, payloads] of GARBAGE) {
            await client.workflowService.signalWorkflowExecution({
              ...{ namespace, workflowExecution: { workflowId: runId }, signalName },
              input: { payloads: [...payloads] },
              requestId: randomUUID(),
            });
          }
        }
      });
      await bench.world.model.release();
      const { result, requests } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
      expect(requests).toHaveLength(1);
      expect(await taskFailures(runId)).toBe(0);
      expect(bench.logged(runId, "signal_ignored").length).toBeGreaterThan(30);
      const types = (await bench.events(runId)).map(({ type }) => type);
      expect(types).not.toContain("message.received");
      expect(types.at(-1)).toBe("run.ended");
    },
    TIMEOUT_MS,
  );

  it(
    "by every update refuses it in words, and can be cancelled",
    async () => {
      const runId = await held();
      await raw(async (client, namespace) => {
        for (const name of [DECIDE_UPDATE, RAISE_UPDATE]) {
          for (const [, payloads] of GARBAGE) {
            const { outcome } = await client.workflowService.updateWorkflowExecution({
              ...{ namespace, workflowExecution: { workflowId: runId } },
              request: {
                meta: { updateId: randomUUID(), identity: "somebody" },
                input: { name, args: { payloads: [...payloads] } },
              },
              // Completed.
              waitPolicy: { lifecycleStage: 3 },
            });
            expect(outcome?.failure?.message).toMatch(/^That (is no decision|adds nothing): /);
            expect(outcome?.failure?.message).not.toMatch(/\n|TypeError/);
            expect(outcome?.failure?.applicationFailureInfo?.type).toBe("INVALID_INPUT");
          }
        }
      });
      await bench.world.client.cancel(runId);
      const { result } = await bench.ended(runId);
      expect(result.outcome).toMatchObject({ kind: "cancelled" });
      expect(await taskFailures(runId)).toBe(0);
    },
    TIMEOUT_MS,
  );
});

const ORDER = {
  ...{ task: "Work.", agent: "assistant", tenant: "test", session: "s", traceId: "t" },
  ...{ limits: {}, onLimit: "stop" },
};

const json = (value: unknown) => [
  {
    metadata: { encoding: new TextEncoder().encode("json/plain") },
    data: new TextEncoder().encode(JSON.stringify(value)),
  },
];

const NO_ORDERS: readonly (readonly [string, (typeof GARBAGE)[number][1]])[] = [
  ...GARBAGE,
  ...[
    { ...ORDER, tenant: {} },
    { ...ORDER, tenant: undefined },
    { ...ORDER, task: 5 },
    { ...ORDER, limits: { costMicroUsd: "1" } },
    { ...ORDER, limits: { costMicroUsd: -1 } },
    { ...ORDER, limits: null },
    { ...ORDER, onLimit: "explode" },
    { ...ORDER, policy: { deny: "write_file" } },
    { ...ORDER, tier: "huge" },
    { ...ORDER, denyAll: true },
    { ...ORDER, resumed: { phase: { kind: "closing" } } },
    { ...ORDER, resumed: 5 },
  ].map((order) => [JSON.stringify(order), json(order)] as const),
];

describe("a workflow that is started with garbage", () => {
  it("as a batch of items that nobody stored ends as failed", async () => {
    const workflowId = `run_${randomUUID()}`;
    const order = { batchId: "batch_x", tenant: "acme", digest: "d", items: 2, concurrency: 2 };
    await raw((client, namespace) =>
      client.workflowService.startWorkflowExecution({
        ...{ namespace, workflowId, workflowType: { name: "agentBatch" } },
        ...{ taskQueue: { name: QUEUE }, requestId: randomUUID() },
        input: { payloads: [...json({ ...order, capMicroUsd: null })] },
      }),
    );
    const { outcome } = await bench.world.client.result(workflowId);
    expect(outcome).toMatchObject({ kind: "failed", code: "INVALID_INPUT" });
    expect(outcome).toMatchObject({ message: expect.stringContaining("no item behind 0") });
  });

  it.each([WORKFLOW_TYPE, "agentBatch"])(
    "as %s fails at once, for good, without money, and can be read",
    async (type) => {
      const ids = await raw(async (client, namespace) =>
        Promise.all(
          NO_ORDERS.map(async ([, payloads]) => {
            const workflowId = `run_${randomUUID()}`;
            await client.workflowService.startWorkflowExecution({
              ...{ namespace, workflowId, workflowType: { name: type } },
              ...{ taskQueue: { name: QUEUE }, requestId: randomUUID() },
              input: { payloads: [...payloads] },
              retryPolicy: { maximumAttempts: 3 },
            });
            return workflowId;
          }),
        ),
      );
      for (const id of ids) {
        const result = await bench.world.client.result(id);
        expect(result.outcome).toMatchObject({ kind: "failed", code: "INVALID_INPUT" });
        expect(result).toMatchObject({ costUsd: 0, modelCalls: 0 });
        const { outcome } = result;
        expect("message" in outcome && outcome.message).toMatch(/^It was not started as Pawl/);
        expect(await taskFailures(id)).toBe(0);
        if (type !== WORKFLOW_TYPE) continue;
        const events = (await bench.events(id)).map((event) => event.type);
        expect(events).toEqual(["run.started", "run.ended"]);
      }
      expect(await bench.world.model.requests()).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
