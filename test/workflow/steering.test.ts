// What people may do to a run in flight: cancel it, pause it, let it go on.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunStatus } from "../../src/domain/outcome.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    // A request on hold is no slow provider here.
    env: { PAWL_RETRY_INITIAL_MS: "20000", ...PATIENT },
  });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const TASK = "What is 6 times 7?";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const found = { text: "First finding.", toolCalls: [CALL] };

async function untilHeld(requests: number): Promise<void> {
  await until("the request is on hold", async () => {
    const seen = await bench.world.model.requests();
    return seen.length === requests && seen.at(-1)?.state === "held";
  });
}

async function untilStatus(runId: string, wanted: RunStatus): Promise<void> {
  await until(`the run is ${wanted}`, async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.status === wanted;
  });
}

describe("R6: a run that is cancelled", () => {
  it.each([
    ["in mid-stream", { kind: "hold", afterEvents: 4, skip: 1 }, "Half heard."],
    ["before the first byte", { kind: "hold", skip: 1 }, "First finding."],
  ])(
    "%s aborts the request, is charged for it, and returns what it has",
    async (_, fault, answer) => {
      await bench.world.model.script([{ reply: found }, { reply: { text: "Half heard." } }]);
      await bench.world.model.faults([fault]);
      const runId = await bench.start(TASK);
      await untilHeld(2);
      await bench.world.client.cancel(runId);
      const { result, requests } = await bench.ended(runId);
      expect(result.outcome).toMatchObject({ kind: "cancelled" });
      expect(result).toMatchObject({ answer, partial: true });
      expect(requests).toHaveLength(2);
      await until("the provider saw the client go", async () => {
        const seen = await bench.world.model.requests();
        return seen.every(({ state }) => state === "done");
      });
      // A reply of which something was heard is no lost one.
      expect(result.crashTaxUsd > 0).toBe(answer === "First finding.");
      expect(result.costUsd).toBeGreaterThan(0.04);
      const bills = await bench.world.model.billing(runId);
      expect(bills.map(({ status }) => status)).toEqual(["complete", "aborted"]);
    },
  );

  it("while it waits for its next attempt sends no more request", async () => {
    await bench.world.model.faults([{ kind: "overloaded", times: 50 }]);
    const runId = await bench.start(TASK);
    await until("the first attempt failed", () => bench.logged(runId, "model_retry").length === 1);
    await bench.world.client.cancel(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "cancelled" });
    expect(result.durationMs).toBeLessThan(20_000);
    expect(requests).toHaveLength(1);
  });

  it("while it is paused ends at once", async () => {
    await bench.world.model.script([{ hold: true, reply: found }]);
    const runId = await bench.start(TASK);
    await untilHeld(1);
    await bench.world.client.pause(runId);
    await bench.world.model.release();
    await untilStatus(runId, "paused");
    await bench.world.client.cancel(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "cancelled" });
    expect(result).toMatchObject({ answer: "First finding.", partial: true });
    expect(requests).toHaveLength(1);
  });

  it("while it waits at a limit ends at once", async () => {
    await bench.world.model.script([{ times: 9, reply: found }]);
    const runId = await bench.start(TASK, { limits: { modelCalls: 1 }, onLimit: "pause" });
    await untilStatus(runId, "waiting");
    await bench.world.client.cancel(runId);
    const { result } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "cancelled" });
  });
});

describe("a run that is paused", () => {
  it("finishes its turn, starts no other, and goes on when resumed", async () => {
    await bench.world.model.script([{ hold: true, reply: found }, { reply: { text: "42" } }]);
    const runId = await bench.start(TASK);
    await untilHeld(1);
    await bench.world.client.pause(runId);
    await bench.world.client.pause(runId);
    await bench.world.model.release();
    await untilStatus(runId, "paused");
    expect(await bench.world.model.requests()).toHaveLength(1);
    await bench.world.client.resume(runId);
    const { result, requests } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42", toolCalls: 1 });
    expect(requests).toHaveLength(2);
  });

  it("stays paused when it is resumed and paused again in one breath", async () => {
    await bench.world.model.script([{ hold: true, reply: found }, { reply: { text: "42" } }]);
    const runId = await bench.start(TASK);
    await untilHeld(1);
    await bench.world.client.pause(runId);
    await bench.world.model.release();
    await untilStatus(runId, "paused");
    // While no worker polls, both wait for one and the same workflow task.
    await bench.worker.stop();
    await bench.world.client.resume(runId);
    await bench.world.client.pause(runId);
    await bench.world.startWorker();
    await until("the run heard both", async () => {
      const { histories } = await bench.world.client.exportHistories(runId);
      const text = JSON.stringify(histories);
      return text.lastIndexOf("WORKFLOW_TASK_COMPLETED") > text.lastIndexOf("EXECUTION_SIGNALED");
    });
    await untilStatus(runId, "paused");
    expect(await bench.world.model.requests()).toHaveLength(1);
    await bench.world.client.resume(runId);
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "42" });
  });

  it("that ended can't be steered any more", async () => {
    await bench.world.model.script([{ reply: { text: "42" } }]);
    const runId = await bench.start(TASK);
    await bench.ended(runId);
    await expect(bench.world.client.cancel(runId)).rejects.toMatchObject({ code: "RUN_ENDED" });
    await expect(bench.world.client.resume(runId)).rejects.toMatchObject({ code: "RUN_ENDED" });
  });
});
