// M8: a worker with another provider than the run's asks for nothing, be it money, a count of tokens or a reply.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { openCallScene } from "../../../support/call-scene.ts";

const REAL = { isOffline: false, baseUrl: "https://api.anthropic.com" };

describe("M8: a worker with another provider", () => {
  test("refuses the call by name, and nothing is held, asked or charged", async () => {
    const { attempt, steps, requests, ledger } = openCallScene({ own: REAL });
    const denial = await makeCall(attempt(1));
    expect(denial).toMatchObject({ kind: "denied", why: "provider", crashTaxMicroUsd: 0 });
    expect(denial).toMatchObject({ message: expect.stringMatching(/^PROVIDER_DIFFERS: /) });
    expect(steps).toEqual([]);
    expect(requests).toEqual([]);
    expect(await ledger.totals("run_1")).toMatchObject({ modelAttempts: 0, heldMicroUsd: 0 });
  });

  test("takes home a reply that was bought before, and buys none where there is none", async () => {
    const scene = openCallScene();
    const reply = await makeCall(scene.attempt(1));
    const other = scene.attempt(2);
    const elsewhere = { ...other.deps, provider: { ...other.deps.provider, ...REAL } };
    expect(await makeCall({ ...other, deps: elsewhere })).toEqual({ ...reply, nearCaps: [] });
  });

  test("leaves the call to the next that fits", async () => {
    const scene = openCallScene();
    const first = scene.attempt(1);
    const elsewhere = { ...first.deps, provider: { ...first.deps.provider, ...REAL } };
    expect(await makeCall({ ...first, deps: elsewhere })).toMatchObject({ why: "provider" });
    expect(await makeCall(scene.attempt(2))).toMatchObject({ kind: "replied", offline: true });
  });
});

test("a reply says whether it is the offline model's", async () => {
  const { attempt } = openCallScene();
  expect(await makeCall(attempt(1))).toMatchObject({ kind: "replied", offline: true });
});
