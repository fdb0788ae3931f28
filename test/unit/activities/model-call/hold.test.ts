import { expect, test } from "@jest/globals";
import { accountsOf } from "../../../../activities/model-call/hold.ts";
import { readConfig } from "../../../../src/config.ts";
import { batchAccountKey } from "../../../../src/domain/budget.ts";
import { payerOf } from "../../../../src/domain/run/order.ts";
import { ORDER } from "../../../support/run-story.ts";

const NOW = new Date("2026-11-21T10:00:00Z");
const budget = (costCapMicroUsd: number | null) => ({
  costCapMicroUsd,
  spentMicroUsd: 0,
  tokensLeft: 1000,
  keepsFor: [],
});
const { caps } = readConfig({ PAWL_RUN_CAP_USD: "1", PAWL_TENANT_DAY_CAP_USD: "5" });

test("a run alone pays from its own account, its session's, its tenant's, and the world's", () => {
  const call = { payer: payerOf(ORDER), budget: budget(null) };
  const accounts = accountsOf("run_1", call, caps, NOW);
  expect(accounts.map(({ key, capMicroUsd }) => [key, capMicroUsd])).toEqual([
    ["run/run_1", 1_000_000],
    ["session/local/local", null],
    ["tenant/local/2026-11-21", 5_000_000],
    ["tenant/local/2026-11", null],
    ["global/2026-11-21", null],
  ]);
});

test("an item of a batch pays from the account that all items share, too, at the cap of the order", () => {
  const batch = { batchId: "batch_7", capMicroUsd: 300_000 };
  const call = { payer: payerOf({ ...ORDER, batch }), budget: budget(null) };
  expect(accountsOf("run_1", call, caps, NOW)[1]).toEqual({
    key: batchAccountKey("batch_7"),
    limit: "batch",
    capMicroUsd: 300_000,
    resetsAt: null,
    budgets: [],
  });
});

test("who orders a run can lower its cap, and not raise it", () => {
  const capOf = (costCapMicroUsd: number) => {
    const call = { payer: payerOf(ORDER), budget: budget(costCapMicroUsd) };
    return accountsOf("run_1", call, caps, NOW)[0]?.capMicroUsd;
  };
  expect([capOf(200_000), capOf(7_000_000)]).toEqual([200_000, 1_000_000]);
});
