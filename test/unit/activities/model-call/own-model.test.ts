// A model of the operator's file, in the pipeline of its calls: free, small, or with a window that only its server knows.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import type { ModelCall } from "../../../../src/domain/call.ts";
import type { ModelSpec } from "../../../../src/domain/prices.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import { ModelCallError } from "../../../../src/model/model.ts";
import { aModelReply, openCallScene } from "../../../support/call-scene.ts";

describe("a model of the operator's file", () => {
  const free: ModelSpec = {
    ...{ contextTokens: 4096, replyTokensMax: 512, cacheTokensMin: 1024, toolPromptTokensMax: 800 },
    prices: [
      {
        effectiveFrom: "2026-01-01",
        input: 0,
        output: 0,
        cacheWrite5m: 0,
        cacheWrite1h: 0,
        cacheRead: 0,
      },
    ],
  };
  const course = { model: "mine", wanted: "mine", why: "" };
  const budget = {
    costCapMicroUsd: 0,
    spentMicroUsd: 0,
    lastReplyMicroUsd: null,
    tokensLeft: 190_000,
  };
  const called = (more: Partial<ModelCall["budget"]> = {}) => ({
    course,
    budget: { ...budget, keepsFor: ["wrap_up"] as const, ...more },
  });
  // This worker's own table knows nothing of it.
  const snapshot = { models: { mine: free } };
  const provider = { ...aModelReply(), model: "mine" };

  test("is priced by what its run was pinned to: it holds nothing, of no money at all", async () => {
    const { attempt, ledger } = openCallScene({ call: called(), snapshot, provider });
    expect(await makeCall(attempt(1))).toMatchObject({
      kind: "replied",
      free: true,
      costMicroUsd: 0,
    });
    expect(await ledger.totals("run_1")).toMatchObject({ spentMicroUsd: 0, fearedMicroUsd: 0 });
  });

  test("of which nothing was counted is estimated, and free all the same", async () => {
    const uncounted = { ...provider, usage: NO_USAGE };
    const { attempt } = openCallScene({ call: called(), snapshot, provider: uncounted });
    expect(await makeCall(attempt(1))).toMatchObject({
      free: true,
      estimated: "uncounted",
      costMicroUsd: 0,
    });
  });

  test("that counts no tokens beforehand is asked all the same, where bytes alone would be too many", async () => {
    // Bytes bound the prompt by 800 tokens and more; its window leaves less than that.
    const small = { models: { mine: { ...free, contextTokens: 1024 } } };
    const countTokens = async () => null;
    const limits = { replyTokens: 256 };
    const scene = openCallScene({
      call: called({ keepsFor: [] }),
      snapshot: small,
      countTokens,
      limits,
    });
    expect(await makeCall(scene.attempt(1))).toMatchObject({ kind: "replied" });
    // What the run may still use nobody else knows: there the bound holds.
    const poor = openCallScene({
      ...{ call: called({ keepsFor: [], tokensLeft: 900 }), snapshot: small, countTokens, limits },
    });
    expect(await makeCall(poor.attempt(1))).toMatchObject({
      kind: "denied",
      why: "size",
      limit: "tokens",
    });
  });

  test("whose server states a window is denied to the run with it, at no cost", async () => {
    const tooLong = { billing: "free", contextTokens: 2048 } as const;
    const error = new ModelCallError("PROMPT_TOO_LONG", "too long", tooLong);
    const { attempt, ledger } = openCallScene({ call: called(), snapshot, provider: error });
    expect(await makeCall(attempt(1))).toMatchObject({
      ...{ kind: "denied", why: "size", limit: "request_tokens", contextTokens: 2048 },
    });
    expect(await ledger.totals("run_1")).toMatchObject({ fearedMicroUsd: 0, heldMicroUsd: 0 });
  });

  test("is asked for no more than the window that was stated holds", async () => {
    const { attempt, requests } = openCallScene({
      call: called({ contextTokens: 2048, keepsFor: [] }),
      snapshot,
    });
    await makeCall(attempt(1));
    expect(requests[0]?.replyTokensMax).toBe(256);
  });
});
