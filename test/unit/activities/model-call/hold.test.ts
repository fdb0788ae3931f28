import { expect, test } from "@jest/globals";
import { runCapOf } from "../../../../activities/model-call/hold.ts";
import { readConfig } from "../../../../src/config.ts";
import { payerOf } from "../../../../src/domain/run/order.ts";
import { ORDER } from "../../../support/run-story.ts";

const { caps } = readConfig({ PAWL_RUN_CAP_USD: "1" });

test("an item of a batch pays from the account that all items share, too, at the cap of the order", () => {
  const { shares } = payerOf({ ...ORDER, batch: { batchId: "batch_7", capMicroUsd: 300_000 } });
  expect(shares).toEqual([{ key: "batch/batch_7", limit: "batch", capMicroUsd: 300_000 }]);
});

test("who orders a run can lower its cap, and not raise it", () => {
  const capOf = (costCapMicroUsd: number | null) => {
    const budget = {
      costCapMicroUsd,
      spentMicroUsd: 0,
      lastReplyMicroUsd: null,
      tokensLeft: 1000,
      keepsFor: [],
    };
    return runCapOf({ budget }, caps);
  };
  expect([capOf(200_000), capOf(7_000_000), capOf(null)]).toEqual([200_000, 1_000_000, 1_000_000]);
});
