// The story of a run, end to end on real parts: each invariant of workflows/agent-run.ts by its number.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;

beforeAll(async () => {
  // An attempt that a busy machine loses would be charged.
  world = await openWorld({ env: { ...PATIENT, PAWL_HEARTBEAT_TIMEOUT_MS: "30000" } });
  await world.startWorker();
}, 120_000);
afterAll(() => world?.close());
beforeEach(() => world.model.reset());

async function run(task: string, order: Partial<RunOrder> = {}): Promise<RunResult> {
  const { runId } = await world.client.start({ task, tenant: "test", session: "test", ...order });
  return await world.client.result(runId);
}

describe("a run", () => {
  it("searches, calculates and answers, and costs exactly what the provider billed", async () => {
    const result = await run(
      "What is the population of Earth, and how many people is that per square kilometre of land? The land area is 148,940,000 km².",
    );
    expect(result.outcome).toEqual({ kind: "answered" });
    expect(result.answer).toContain("54.4");
    expect(result.toolCalls).toBeGreaterThanOrEqual(2);
    const billed = await world.model.billedMicroUsd(result.runId);
    expect(Math.round(result.costUsd * 1_000_000)).toBe(billed);
    expect(result.crashTaxUsd).toBe(0);
  });
});
