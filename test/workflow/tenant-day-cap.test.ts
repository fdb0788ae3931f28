// Many runs at once on one cap: what the provider bills never passes it, at no record of the bill, and
// holds that were set aside in vain don't leave much of it unused.
// PAWL_TEST_RUNS sets how many; CI starts 200, and npm test 60.

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createLedger } from "../../src/store/ledger.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";
import { isAtLeast } from "../support/tier.ts";

const RUNS = Number(process.env["PAWL_TEST_RUNS"] ?? (isAtLeast("full") ? 200 : 60));
/** About a third of what the runs would like to spend. */
const CAP_MICRO_USD = RUNS * 10_000;
const WITHIN_MS = 120_000 + RUNS * 1500;

const CALL = { name: "calculator", input: { expression: "6*7" } };
const step = { text: "I am on it. ".repeat(60), toolCalls: [CALL] };
const usd = (microUsd: number): string => String(microUsd / 1_000_000);

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    // Attempts that a busy machine loses are charged in full: here they would hide what holds leave unused.
    env: {
      ...PATIENT,
      PAWL_HEARTBEAT_TIMEOUT_MS: "30000",
      PAWL_TENANT_DAY_CAP_USD: usd(CAP_MICRO_USD),
    },
  });
}, 180_000);
afterAll(() => bench?.close());

async function tenantDay(tenant: string): Promise<{ spent: number; held: number }> {
  const rows = await bench.world.db<{ spent: string; held: string }>`
    select sum(spent + feared) as spent, sum(held) as held from pawl.account
    where key like ${`tenant/${tenant}/____-__-__`}`;
  return { spent: Number(rows[0]?.spent), held: Number(rows[0]?.held) };
}

describe("R2: runs that share a cap", () => {
  it(
    `${RUNS} at once never spend more than it, and leave little of it unused`,
    async () => {
      await bench.world.model.script([{ times: RUNS * 50, reply: step }]);
      const tenant = "crowd";
      const startedAt = Date.now();
      const runIds = await Promise.all(
        Array.from({ length: RUNS }, () => bench.start("Work.", { tenant })),
      );
      const results = await Promise.all(runIds.map((id) => bench.world.client.result(id)));

      let billed = 0;
      for (const { costMicroUsd } of await bench.world.model.billing()) {
        billed += costMicroUsd;
        expect(billed).toBeLessThanOrEqual(CAP_MICRO_USD);
      }
      const { spent, held } = await tenantDay(tenant);
      process.stderr.write(
        `${RUNS} runs on a cap of $${usd(CAP_MICRO_USD)}: billed $${usd(billed)}, spent $${usd(spent)} in ${Date.now() - startedAt} ms\n`,
      );
      expect(held).toBe(0);
      expect(spent).toBeGreaterThanOrEqual(billed);
      expect(spent).toBeLessThanOrEqual(CAP_MICRO_USD);
      expect(billed / CAP_MICRO_USD).toBeGreaterThanOrEqual(0.85);
      for (const { outcome } of results) {
        expect(outcome).toMatchObject({ kind: "stopped", limit: "tenant_day" });
      }
      const ledgerSum = results.reduce((sum, { costUsd }) => sum + Math.round(costUsd * 1e6), 0);
      expect(ledgerSum).toBe(spent);
    },
    WITHIN_MS,
  );

  it("a run that waits at a shared cap goes on when the operator raises it", async () => {
    await bench.world.model.reset();
    await bench.world.model.script([{ times: 2, reply: step }, { reply: { text: "Done." } }]);
    const runId = await bench.start("Work.", { tenant: "crowd", onLimit: "pause" });
    const waiting = await until("the run waits", async () => {
      const shown = await bench.world.client.show(runId);
      return shown.kind === "open" && shown.waiting;
    });
    expect(waiting.reason).toBe("budget");
    expect(waiting.message).toContain("tenant day budget");
    expect(await bench.world.model.requests()).toHaveLength(0);

    await bench.worker.stop();
    await bench.world.startWorker({ PAWL_TENANT_DAY_CAP_USD: usd(CAP_MICRO_USD + 1_000_000) });
    await bench.world.client.resume(runId);
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
    expect(await createLedger(bench.world.db).totals(runId)).toMatchObject({ heldMicroUsd: 0 });
  }, 120_000);
});
