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

describe("a reply in hand is written however long that takes (case 05)", () => {
  const ofPostgres = (code: string): Error =>
    Object.assign(new Error("as Postgres says"), { code });
  const settling = (times: number, error: () => Error) => {
    let asked = 0;
    const ledger = (real: Ledger): Partial<Ledger> => ({
      settle: async (settlement) => {
        asked += 1;
        if (asked <= times) throw error();
        return await real.settle(settlement);
      },
    });
    return openCallScene({ ledger });
  };

  test.each<[string, () => Error]>([
    ["can only be read", () => new PawlError("DATABASE_REFUSED", "Postgres at db: read-only")],
    ["is away", () => new PawlError("LEDGER_UNAVAILABLE", "Postgres at db: it restarts")],
    ["fails as nobody foresaw", () => ofPostgres("XX000")],
    ["can't read its disk", () => ofPostgres("58030")],
  ])("where the database %s", async (_, error) => {
    const scene = settling(3, error);
    expect(await makeCall(scene.attempt(1))).toMatchObject({ kind: "replied", attempts: 1 });
    expect(scene.requests).toHaveLength(1);
    const totals = { repliesSettled: 1, fearedMicroUsd: 0, heldMicroUsd: 0 };
    expect(await scene.ledger.totals("run_1")).toMatchObject(totals);
  });

  test.each(["23514", "42P01", "P0001", "22003"])(
    "but not where it would be refused for ever: %s",
    async (code) => {
      const scene = settling(1, () => ofPostgres(code));
      await expect(makeCall(scene.attempt(1))).rejects.toMatchObject({ code });
    },
  );
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
