// What an attempt leaves behind at its end: no hold that would look alive while its worker lives.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { PawlError } from "../../../../src/domain/errors.ts";
import type { Ledger } from "../../../../src/store/ledger.ts";
import { openCallScene } from "../../../support/call-scene.ts";
import { until } from "../../../support/processes.ts";

const away = (): never => {
  throw new PawlError("LEDGER_UNAVAILABLE", "it restarts");
};

describe("M4: an attempt that ends without a word", () => {
  test("costs its hold where it was sent", async () => {
    const { attempt, ledger } = openCallScene({ provider: new Error("a bug of ours") });
    const at = attempt(1);
    await expect(makeCall(at)).rejects.toThrow("a bug of ours");
    const { heldMicroUsd } = await ledger.totals("run_1");
    at.money.letGo();
    await until("it is feared", async () => (await ledger.totals("run_1")).heldMicroUsd === 0);
    expect(await ledger.totals("run_1")).toMatchObject({ fearedMicroUsd: heldMicroUsd });
  });

  test("costs nothing where it never heard of its hold", async () => {
    const stop = new AbortController();
    const startAttempt =
      (real: Ledger) => async (request: Parameters<Ledger["startAttempt"]>[0]) => {
        await real.startAttempt(request);
        stop.abort(new Error("cancelled"));
        return away();
      };
    const ledger = (real: Ledger): Partial<Ledger> => ({ startAttempt: startAttempt(real) });
    const scene = openCallScene({ ledger });
    const at = scene.attempt(1, stop.signal);
    await expect(makeCall(at)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    at.money.letGo();
    const isFree = async () => (await scene.ledger.totals("run_1")).heldMicroUsd === 0;
    await until("it is released", isFree);
    expect(await scene.ledger.totals("run_1")).toMatchObject({
      modelAttempts: 0,
      spentMicroUsd: 0,
    });
  });

  test("leaves nothing to end where it was settled", async () => {
    const { attempt, steps } = openCallScene();
    const at = attempt(1);
    await makeCall(at);
    at.money.letGo();
    expect(steps).toEqual(["gate", "hold", "send", "settle"]);
  });
});

test("what a stopped attempt could not store in time is stored when PostgreSQL is back", async () => {
  let isAway = true;
  const ledger = (real: Ledger): Partial<Ledger> => ({
    settle: async (settlement) => (isAway ? away() : await real.settle(settlement)),
  });
  const stop = new AbortController();
  const scene = openCallScene({ ledger });
  const making = makeCall(scene.attempt(1, stop.signal));
  await until("it is to be settled", () => scene.steps.includes("settle"));
  stop.abort(new Error("cancelled"));
  await expect(making).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
  isAway = false;
  const isSettled = async () => (await scene.ledger.totals("run_1")).repliesSettled === 1;
  await until("it is settled", isSettled);
}, 30_000);
