// What a lost attempt may have cost, by how far it got: enough for whatever the provider can bill for it, and no
// more than was held.

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { SHIPPED_MODELS, specOf } from "../../../../src/domain/model-table.ts";
import { costOf, priceOn } from "../../../../src/domain/pricing.ts";
import { NO_USAGE, type Usage } from "../../../../src/domain/usage.ts";
import { CallAborted, ModelCallError, type Billing } from "../../../../src/model/model.ts";
import { openCallScene } from "../../../support/call-scene.ts";

const MODEL = "claude-sonnet-5-5";
const PRICE = priceOn(specOf(SHIPPED_MODELS, MODEL), new Date().toISOString());

async function lostOf(provider: Error) {
  const scene = openCallScene({ provider });
  await makeCall(scene.attempt(1)).catch(() => undefined);
  const [request] = scene.requests;
  const { fearedMicroUsd, spentMicroUsd, heldMicroUsd } = await scene.ledger.totals("run_1");
  expect(heldMicroUsd).toBe(0);
  return { fearedMicroUsd, spentMicroUsd, replyTokens: request?.replyTokensMax ?? 0 };
}

const failed = (billing: Billing, counted: Usage | null = null) =>
  new ModelCallError("PROVIDER_UNAVAILABLE", "no", {
    billing,
    progress: counted === null ? null : { model: MODEL, counted, blocks: 1 },
  });

const whole = async () => (await lostOf(failed("unknown"))).fearedMicroUsd;

test.each(["unsent", "free"] as const)("nothing where it is %s", async (billing) => {
  const lost = await lostOf(failed(billing));
  expect(lost).toMatchObject({ fearedMicroUsd: 0, spentMicroUsd: 0 });
});

test("the prompt at most where no reply had begun", async () => {
  const { fearedMicroUsd, spentMicroUsd } = await lostOf(failed("prompt"));
  expect(spentMicroUsd).toBe(0);
  expect(fearedMicroUsd).toBeGreaterThan(0);
  expect(fearedMicroUsd).toBeLessThan((await whole()) / 2);
});

test("the whole hold where nothing is known, or what was counted is no count", async () => {
  const all = await whole();
  for (const counted of [null, NO_USAGE, { ...NO_USAGE, inputTokens: -4, cacheReadTokens: 9 }]) {
    const lost = await lostOf(failed("unknown", counted));
    expect(lost).toMatchObject({ fearedMicroUsd: all, spentMicroUsd: 0 });
  }
});

test("what was counted and the worst of the rest where a stream broke off, whatever came then", async () => {
  const all = await whole();
  const tokens = (max: number) => fc.integer({ min: 0, max });
  await fc.assert(
    fc.asyncProperty(
      tokens(400),
      tokens(400),
      tokens(4096),
      tokens(4096),
      async (fresh, cached, so, far) => {
        const counted = {
          ...NO_USAGE,
          inputTokens: fresh + 1,
          cacheReadTokens: cached,
          outputTokens: Math.min(so, far),
        };
        const { fearedMicroUsd, spentMicroUsd, replyTokens } = await lostOf(
          failed("unknown", counted),
        );
        const billed = costOf(
          { ...counted, outputTokens: Math.min(replyTokens, Math.max(so, far)) },
          PRICE,
        );
        expect(spentMicroUsd).toBe(costOf(counted, PRICE));
        expect(spentMicroUsd + fearedMicroUsd).toBeGreaterThanOrEqual(billed);
        expect(spentMicroUsd + fearedMicroUsd).toBeLessThanOrEqual(all);
      },
    ),
    { numRuns: 60 },
  );
});

test("nothing where the call was given up before it left", async () => {
  const signal = AbortSignal.abort(new Error("the worker leaves"));
  expect(await lostOf(new CallAborted(signal, null, false))).toMatchObject({
    fearedMicroUsd: 0,
    spentMicroUsd: 0,
  });
  expect((await lostOf(new CallAborted(signal, null))).fearedMicroUsd).toBe(await whole());
});
