// Caps that the operator changes while runs are under way.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

const MINUTE_MS = 60_000;
const CALL = { name: "calculator", input: { expression: "6*7" } };

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: PATIENT });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.model.script([{ reply: { toolCalls: [CALL] } }, { reply: { text: "Done." } }]);
});

async function untilWaiting(runId: string): Promise<string> {
  const waiting = await until("the run waits", async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.waiting;
  });
  // The list, by which runs at a cap are found, is a second or so behind.
  await until("the list knows it", async () => {
    const listed = await bench.world.client.list({ status: "waiting" });
    return listed.some((run) => run.runId === runId);
  });
  return waiting.message;
}

describe("R2: a shared budget", () => {
  it(
    "that is set stops the next call of a run; raising it lets the run go on at once",
    async () => {
      const { client } = bench.world;
      const acme = { scope: "tenant_day", tenant: "acme" } as const;
      await client.setBudget(acme, { microUsd: 100 });
      const runId = await bench.start("Work.", { tenant: "acme", onLimit: "pause" });
      expect(await untilWaiting(runId)).toContain(
        "$0.000100 of $0.000100 is left in the tenant day budget",
      );
      expect(await bench.world.model.requests()).toHaveLength(0);

      const raised = await client.raiseBudget({ name: acme, addedMicroUsd: 1_000_000 });
      expect(raised).toMatchObject({ woken: 1, budget: { capMicroUsd: 1_000_100 } });
      const { result } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
      const [, day] = await client.budgets({ tenant: "acme" });
      expect(day).toMatchObject({
        scope: "tenant_day",
        spentMicroUsd: Math.round(result.costUsd * 1_000_000),
        heldMicroUsd: 0,
        raisedMicroUsd: 1_000_000,
        budget: "tenant_day/acme",
      });
    },
    2 * MINUTE_MS,
  );

  it(
    "that is raised wakes neither another tenant's run nor one that a person paused",
    async () => {
      const { client } = bench.world;
      const session = { scope: "session", tenant: "two", session: "a" } as const;
      await client.setBudget({ scope: "session", tenant: "two" }, { microUsd: 100 });
      const a = await bench.start("Work.", { tenant: "two", session: "a", onLimit: "pause" });
      const b = await bench.start("Work.", { tenant: "two", session: "b", onLimit: "pause" });
      await Promise.all([untilWaiting(a), untilWaiting(b)]);
      await client.pause(a);
      await until("the list knows of the pause", async () => {
        const listed = await client.list({ status: "paused" });
        return listed.some(({ runId }) => runId === a);
      });
      expect(await client.raiseBudget({ name: session, addedMicroUsd: 1_000_000 })).toMatchObject({
        woken: 0,
      });
      expect(await bench.world.model.requests()).toHaveLength(0);
      await client.resume(a);
      expect((await bench.ended(a)).result.outcome.kind).toBe("answered");
      expect(await client.show(b)).toMatchObject({ kind: "open", status: "waiting" });
      await client.cancel(b);
    },
    2 * MINUTE_MS,
  );

  it("of a name that no account can have is refused", async () => {
    const { client } = bench.world;
    const usage = { code: "USAGE" };
    const cap = { microUsd: 1 };
    await expect(
      client.setBudget({ scope: "global_day", tenant: "acme" }, cap),
    ).rejects.toMatchObject(usage);
    await expect(client.setBudget({ scope: "session", session: "s" }, cap)).rejects.toMatchObject(
      usage,
    );
    await expect(
      client.raiseBudget({ name: { scope: "tenant_day" }, addedMicroUsd: 1 }),
    ).rejects.toMatchObject(usage);
    await expect(
      client.raiseBudget({ name: { scope: "global_day" }, addedMicroUsd: 1 }),
    ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("no cap") });
  });
});
