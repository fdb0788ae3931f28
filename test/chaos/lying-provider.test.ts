// A provider that lies in each of the ways there are, before runs that share their caps: nobody's cap is passed,
// what is charged covers the bill, no other tenant is locked out, and each lie has its name.
// PAWL_TEST_RUNS sets how many runs; each lie is told twice before a change, and 200 runs are lied to at night.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LIES, type Lie } from "../../offline-model/lies.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import type { BudgetName } from "../../src/domain/budget.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { LIE_NAMES } from "../support/lie-names.ts";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { ROUNDS } from "../support/tier.ts";

const RUNS = Number(process.env["PAWL_TEST_RUNS"] ?? (ROUNDS > 1 ? 200 : 2 * LIES.length));
const TENANT_CAP = RUNS * 8000;
const GLOBAL_CAP = RUNS * 60_000;
const CALL = { name: "calculator", input: { expression: "6*7" } };
const usd = (microUsd: number): string => String(microUsd / 1_000_000);

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    env: {
      ...PATIENT,
      PAWL_HEARTBEAT_TIMEOUT_MS: "30000",
      PAWL_RETRY_MAX_ATTEMPTS: "2",
      PAWL_RUN_CAP_USD: "0.2",
      PAWL_TENANT_DAY_CAP_USD: usd(TENANT_CAP),
      PAWL_GLOBAL_DAY_CAP_USD: usd(GLOBAL_CAP),
    },
  });
}, 180_000);
afterAll(() => bench?.close());

test(
  `${RUNS} runs before a liar`,
  async () => {
    const { client, model, db } = bench.world;
    const lieOf = (n: number): Lie => LIES[n % LIES.length] ?? "negative";
    await model.script([
      ...LIES.map((how) => ({
        times: RUNS * 2,
        match: { contains: `lie ${how}.` },
        reply: { text: `On it.`, toolCalls: [CALL] },
      })),
    ]);
    await model.faults(
      LIES.map((how) => ({
        kind: "lie",
        how,
        times: RUNS * 20,
        match: { contains: `lie ${how}.` },
      })),
    );
    const liars = await Promise.all(
      Array.from({ length: RUNS }, async (_, n) => {
        const how = lieOf(n);
        const { runId } = await client.start({
          task: `This is lie ${how}. Go.`,
          tenant: `liar-${n % 3}`,
          session: "s",
          limits: { replyTokens: 600, modelCalls: 4 },
        });
        return { runId, how };
      }),
    );
    const results = await Promise.all(liars.map(({ runId }) => client.result(runId)));

    const budgets = createBudgets(db);
    const names: readonly BudgetName[] = [
      { scope: "global_day" },
      ...[0, 1, 2].map((n) => ({ scope: "tenant_day", tenant: `liar-${n}` }) as const),
    ];
    for (const state of await budgets.states(names)) {
      if (state === null) throw new Error("it has a cap");
      const used = state.spentMicroUsd + state.fearedMicroUsd + state.heldMicroUsd;
      expect(used).toBeLessThanOrEqual(state.capMicroUsd ?? 0);
      expect(state.heldMicroUsd).toBe(0);
    }
    const ledger = createLedger(db);
    for (const [at, { runId, how }] of liars.entries()) {
      const { spentMicroUsd, fearedMicroUsd } = await ledger.totals(runId);
      const charged = spentMicroUsd + fearedMicroUsd;
      expect(charged).toBeLessThanOrEqual(200_000);
      expect({ how, isCovered: charged >= (await model.billedMicroUsd(runId)) }).toEqual({
        how,
        isCovered: true,
      });
      expect(JSON.stringify(results[at]?.outcome)).not.toMatch(/Postgres|TypeError|undefined|NaN/);
    }
    const lines = bench.worker.lines.filter((line) => line.startsWith("{"));
    for (const how of LIES) {
      const runIds = liars.filter((liar) => liar.how === how).map(({ runId }) => runId);
      const ofLie = lines.filter((line) => runIds.some((runId) => line.includes(runId)));
      expect({ how, isNamed: ofLie.some((line) => LIE_NAMES[how].test(line)) }).toEqual({
        how,
        isNamed: true,
      });
    }
    // Who is lied to by nobody is served: the liars have used up no cap but their own.
    const honest = await bench.run("What is 3*9?", { tenant: "honest" });
    expect(honest.result.outcome).toEqual({ kind: "answered" });
  },
  240_000 + RUNS * 4000,
);
