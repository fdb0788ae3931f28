// The order of a call: journal, gate, hold, send, settle. What belongs to two steps is tested here; what the
// ledger, the gate and the provider do by themselves is tested with them.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { PawlError } from "../../../../src/domain/errors.ts";
import type { GateAnswer } from "../../../../src/store/gates.ts";
import { CallAborted, ModelCallError } from "../../../../src/model/model.ts";
import type { HoldDenied, Ledger } from "../../../../src/store/ledger.ts";
import { aModelReply, openCallScene, PASS } from "../../../support/call-scene.ts";

const HOLD_ID = "run_1/x/7/1";
const waits = (why: "down" | "rate_limited" | "busy"): GateAnswer => ({
  kind: "wait",
  why,
  forMs: 5000,
  downSince: null,
});
const DRAWN = { requests: 1, input: 400, output: 800 };
const PROBE: GateAnswer = { kind: "pass", watched: true, drawn: DRAWN };
const otherRuns: HoldDenied = {
  kind: "denied",
  limit: "tenant_day",
  account: "tenant/acme/today",
  askedMicroUsd: 500,
  leftMicroUsd: 100,
  spentMicroUsd: 0,
  fearedMicroUsd: 0,
  capMicroUsd: 1000,
  temporary: true,
  resetsAt: null,
  crashTaxMicroUsd: 0,
};
const failing = (code: "PROVIDER_RATE_LIMITED" | "PROVIDER_OVERLOADED", billing: "free") =>
  new ModelCallError(code, "no", { billing });

/** The first attempt held and died. */
async function diedOnce(options: Parameters<typeof openCallScene>[0] = {}) {
  const scene = openCallScene({ ...options, provider: new Error("killed") });
  await expect(makeCall(scene.attempt(1))).rejects.toThrow("killed");
  const { heldMicroUsd } = await scene.ledger.totals("run_1");
  expect(heldMicroUsd).toBeGreaterThan(0);
  return { scene, lostMicroUsd: heldMicroUsd };
}

test("a call that all goes well with takes each step once, and asks for no journal", async () => {
  const { attempt, steps, ledger } = openCallScene();
  expect(await makeCall(attempt(1))).toMatchObject({ kind: "replied", lane: "live", attempts: 1 });
  expect(steps).toEqual(["gate", "hold", "send", "settle"]);
  expect(await ledger.totals("run_1")).toMatchObject({ heldMicroUsd: 0, repliesSettled: 1 });
});

describe("M1: a reply that was journaled", () => {
  test("is adopted before the gate or the provider is asked", async () => {
    const { attempt, steps } = openCallScene({ gate: [PASS, waits("down")] });
    const reply = await makeCall(attempt(1));
    expect(await makeCall(attempt(2))).toEqual({ ...reply, nearCaps: [] });
    expect(steps.slice(4)).toEqual(["resume"]);
  });
});

describe("M6: the gate is asked before anything is held", () => {
  test.each(["down", "rate_limited"] as const)("%s: nothing is held", async (why) => {
    const { attempt, steps, ledger } = openCallScene({ gate: [waits(why)] });
    const denial = await makeCall(attempt(1));
    expect(denial).toMatchObject({ kind: "denied", why, crashTaxMicroUsd: 0 });
    expect(steps).toEqual(["gate"]);
    expect(await ledger.totals("run_1")).toMatchObject({ modelAttempts: 0, heldMicroUsd: 0 });
  });

  test("in line: each comes at the moment that it was given", async () => {
    const { attempt } = openCallScene({ gate: [waits("busy")] });
    const before = Date.now();
    const denial = await makeCall(attempt(1));
    if (denial.kind !== "denied" || denial.why !== "in_line") throw new Error("it was not in line");
    const inMs = Date.parse(denial.notBefore) - before;
    expect(inMs).toBeGreaterThanOrEqual(5000);
    expect(inMs).toBeLessThan(5000 + (Date.now() - before) + 1);
  });

  test("what it gave out goes back where the ledger denies", async () => {
    const spent = { ...otherRuns, temporary: false };
    const ledger = (): Partial<Ledger> => ({ startAttempt: async () => spent });
    const { attempt, steps, told } = openCallScene({ gate: [PROBE], ledger });
    expect(await makeCall(attempt(1))).toMatchObject({ why: "cap", limit: "tenant_day" });
    expect(steps).toEqual(["gate", "hold", "give back"]);
    expect(told).toMatchObject([
      { heard: "nothing", drawn: DRAWN, used: { requests: 0, input: 0, output: 0 } },
    ]);
  });

  test("and where the ledger fails", async () => {
    const startAttempt = () => Promise.reject(new Error("no such function"));
    const { attempt, steps } = openCallScene({ gate: [PROBE], ledger: () => ({ startAttempt }) });
    await expect(makeCall(attempt(1))).rejects.toThrow("no such function");
    expect(steps).toEqual(["gate", "hold", "give back"]);
  });

  test("nobody waits for other runs' holds with its leave in hand", async () => {
    let asked = 0;
    const ledger = (real: Ledger): Partial<Ledger> => ({
      startAttempt: async (request) =>
        (asked += 1) === 1 ? otherRuns : await real.startAttempt(request),
    });
    const { attempt, steps } = openCallScene({ gate: [PROBE, PASS], ledger });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "replied" });
    expect(steps).toEqual(["gate", "hold", "give back", "gate", "hold", "send", "settle"]);
  });

  test("leave that binds nobody is not given back: a gate that is open is not written to", async () => {
    const spent = { ...otherRuns, temporary: false };
    const ledger = (): Partial<Ledger> => ({ startAttempt: async () => spent });
    const { attempt, steps } = openCallScene({ ledger });
    await makeCall(attempt(1));
    expect(steps).toEqual(["gate", "hold"]);
  });
});

describe("a provider that is taken for down", () => {
  const probing: GateAnswer = { ...PROBE, isProbe: true };
  const deadProxy = () =>
    Promise.reject(new ModelCallError("PROVIDER_UNAVAILABLE", "502", { billing: "unsent" }));

  test("is asked by what is free, and where that fails nothing is held", async () => {
    const { attempt, steps, told, ledger } = openCallScene({
      gate: [probing, waits("down")],
      ping: deadProxy,
    });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "denied", why: "down" });
    expect(steps).toEqual(["gate", "ping", "tell", "gate"]);
    expect(told).toMatchObject([{ heard: "outage", used: { requests: 0, input: 0, output: 0 } }]);
    expect(told[0]).not.toHaveProperty("mayCost");
    expect(await ledger.totals("run_1")).toMatchObject({ modelAttempts: 0, fearedMicroUsd: 0 });
  });

  test.each<[string, () => Promise<void>]>([
    ["answers", async () => undefined],
    [
      "has no such place",
      () => Promise.reject(new ModelCallError("PROVIDER_REJECTED", "404", { billing: "unsent" })),
    ],
    [
      "can't be reached by any request as it is",
      () =>
        Promise.reject(
          new ModelCallError("PROVIDER_UNREACHABLE", "TLS", { billing: "unsent", isFinal: true }),
        ),
    ],
  ])("is sent the call where it %s", async (_, ping) => {
    const { attempt, steps } = openCallScene({ gate: [probing], ping });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "replied" });
    expect(steps.slice(0, 4)).toEqual(["gate", "ping", "hold", "send"]);
  });
});

test("a model that has been refused for hours is a matter for people", async () => {
  const since = (hours: number): GateAnswer => ({
    kind: "wait",
    why: "rate_limited",
    forMs: 1000,
    downSince: null,
    limitedSince: new Date(Date.now() - hours * 3_600_000).toISOString(),
  });
  const patient = openCallScene({ gate: [since(5)] });
  expect(await makeCall(patient.attempt(1))).toMatchObject({ why: "rate_limited" });
  const { attempt } = openCallScene({ gate: [since(7)] });
  await expect(makeCall(attempt(1))).rejects.toMatchObject({
    type: "PROVIDER_SPEND_LIMIT",
    message: expect.stringContaining("has refused every call of claude-sonnet-5-5"),
  });
});

describe("M4: what attempts that died may have cost is feared and told, whatever becomes of the call", () => {
  test("where the gate keeps it back", async () => {
    const { scene, lostMicroUsd } = await diedOnce({ gate: [PASS, waits("down")] });
    const denial = await makeCall(scene.attempt(2));
    expect(denial).toMatchObject({ why: "down", crashTaxMicroUsd: lostMicroUsd });
    const totals = { fearedMicroUsd: lostMicroUsd, heldMicroUsd: 0, modelAttempts: 1 };
    expect(await scene.ledger.totals("run_1")).toMatchObject(totals);
  });

  test("where it does not fit into what the run may use", async () => {
    const budget = {
      costCapMicroUsd: null,
      spentMicroUsd: 0,
      lastReplyMicroUsd: null,
      tokensLeft: 6000,
      keepsFor: [],
    };
    const countTokens = async () => 900;
    const { scene, lostMicroUsd } = await diedOnce({ call: { budget }, countTokens });
    const at = scene.attempt(2);
    const call = { ...at.call, budget: { ...budget, tokensLeft: 1000 } };
    const denial = await makeCall({ ...at, call });
    expect(denial).toMatchObject({ why: "size", limit: "tokens", crashTaxMicroUsd: lostMicroUsd });
  });

  test("where the provider limits it", async () => {
    const { scene, lostMicroUsd } = await diedOnce();
    const at = scene.attempt(2);
    const refused = async () => {
      throw failing("PROVIDER_RATE_LIMITED", "free");
    };
    const deps = { ...at.deps, model: { ...at.deps.model, call: refused } };
    const denial = await makeCall({ ...at, deps });
    expect(denial).toMatchObject({ why: "rate_limited", crashTaxMicroUsd: lostMicroUsd });
  });
});

describe("M4: an attempt that provably cost nothing", () => {
  test("is released also where PostgreSQL is away for a moment", async () => {
    let refused = 0;
    const ledger = (real: Ledger): Partial<Ledger> => ({
      void: async (holdId, how) => {
        refused += 1;
        if (refused <= 2) throw new PawlError("LEDGER_UNAVAILABLE", "it restarts");
        return await real.void(holdId, how);
      },
    });
    const provider = failing("PROVIDER_OVERLOADED", "free");
    const scene = openCallScene({ provider, ledger });
    await expect(makeCall(scene.attempt(1))).rejects.toMatchObject({ type: "PROVIDER_OVERLOADED" });
    expect(refused).toBe(3);
    expect(await scene.ledger.totals("run_1")).toMatchObject({ spentMicroUsd: 0, heldMicroUsd: 0 });
  });

  test("is one that was given up between the hold and the request", async () => {
    const stop = new AbortController();
    const ledger = (real: Ledger): Partial<Ledger> => ({
      startAttempt: async (request) => {
        stop.abort(new Error("interrupted"));
        return await real.startAttempt(request);
      },
    });
    const { attempt, steps, ledger: books } = openCallScene({ gate: [PROBE], ledger });
    await expect(makeCall(attempt(1, stop.signal))).rejects.toThrow("CANCELLED");
    expect(steps).toEqual(["gate", "hold", "release", "give back"]);
    expect(await books.totals("run_1")).toMatchObject({ modelAttempts: 0, spentMicroUsd: 0 });
  });
});

describe("M5: a reply that the run stopped", () => {
  const stopped = (text: string | null) => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    const { message, model, usage, requestId } = aModelReply(text ?? "");
    const heard = text === null ? null : { message, model, usage, requestId };
    return new CallAborted(signal, heard);
  };
  const stopAt = (provider: Error) => {
    const scene = openCallScene({ provider });
    const at = scene.attempt(1);
    return { scene, at: { ...at, attempt: { ...at.attempt, isUnwanted: () => true } } };
  };

  test("keeps its text and costs its whole hold", async () => {
    const { scene, at } = stopAt(stopped("It is"));
    const reply = await makeCall(at);
    expect(reply).toMatchObject({ kind: "replied", stopReason: "interrupted" });
    const { spentMicroUsd } = await scene.ledger.totals("run_1");
    expect(reply).toMatchObject({ costMicroUsd: spentMicroUsd, crashTaxMicroUsd: 0 });
  });

  test("is crash tax where there was no word of it", async () => {
    const { scene, at } = stopAt(stopped(null));
    const end = await makeCall(at);
    const { fearedMicroUsd } = await scene.ledger.totals("run_1");
    expect(fearedMicroUsd).toBeGreaterThan(0);
    expect(end).toEqual({ kind: "interrupted", crashTaxMicroUsd: fearedMicroUsd });
  });
});

describe("where another model may be asked", () => {
  const course = {
    model: "claude-sonnet-5-5",
    wanted: "claude-sonnet-5-5",
    why: "",
    attemptsMax: 2,
  };

  test("an overloaded one is given up after its attempts, and the hold is released", async () => {
    const provider = failing("PROVIDER_OVERLOADED", "free");
    const { attempt, ledger } = openCallScene({ provider, call: { course } });
    await expect(makeCall(attempt(1))).rejects.toMatchObject({ type: "PROVIDER_OVERLOADED" });
    expect(await makeCall(attempt(2))).toMatchObject({ why: "overloaded", crashTaxMicroUsd: 0 });
    expect(await ledger.totals("run_1")).toMatchObject({ spentMicroUsd: 0, heldMicroUsd: 0 });
  });

  test("not so in a batch: a provider that takes none may take live calls", async () => {
    const provider = failing("PROVIDER_OVERLOADED", "free");
    const call = { course, lane: "batch" } as const;
    const { attempt } = openCallScene({ provider, call });
    await expect(makeCall(attempt(1))).rejects.toMatchObject({ type: "PROVIDER_OVERLOADED" });
    await expect(makeCall(attempt(2))).rejects.toMatchObject({ type: "PROVIDER_OVERLOADED" });
  });
});

describe("in the batch lane", () => {
  const call = { lane: "batch" } as const;

  test("the gate is not asked, and the ticket names the attempt and the batch", async () => {
    const { attempt, steps, ledger } = openCallScene({ call, gate: [waits("down")] });
    const ticket = await makeCall(attempt(1));
    expect(ticket).toMatchObject({ kind: "submitted", attempt: 1, providerBatchId: "batch_1" });
    expect(steps).toEqual(["hold", "send"]);
    expect((await ledger.totals("run_1")).heldMicroUsd).toBeGreaterThan(0);
  });

  test("a limit on submissions is waited out, and costs no attempt", async () => {
    const provider = failing("PROVIDER_RATE_LIMITED", "free");
    const { attempt, ledger } = openCallScene({ call, provider });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "denied", why: "rate_limited" });
    expect(await ledger.totals("run_1")).toMatchObject({ heldMicroUsd: 0, spentMicroUsd: 0 });
  });

  test("M4: where the batch may have been made the hold stays, and the ticket has no batch", async () => {
    const provider = new ModelCallError("PROVIDER_TIMEOUT", "silence", { billing: "unknown" });
    const { attempt, ledger } = openCallScene({ call, provider });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "submitted", providerBatchId: null });
    expect(await ledger.lose(HOLD_ID)).toBe("lost");
  });
});

test("a count of tokens that the provider limits is waited out like the call itself", async () => {
  const budget = {
    costCapMicroUsd: null,
    spentMicroUsd: 0,
    lastReplyMicroUsd: null,
    tokensLeft: 1000,
    keepsFor: [],
  };
  const countTokens = async () => {
    throw new ModelCallError("PROVIDER_RATE_LIMITED", "no", { billing: "unsent" });
  };
  const { attempt, steps } = openCallScene({ call: { budget }, countTokens });
  expect(await makeCall(attempt(1))).toMatchObject({ kind: "denied", why: "rate_limited" });
  expect(steps).toEqual([]);
});

describe("what is kept back for the calls behind this one", () => {
  const heldWith = async (
    headTokens: number,
    requestTokens: number,
    lastReplyMicroUsd: number | null = null,
  ) => {
    const budget = {
      costCapMicroUsd: 100_000,
      spentMicroUsd: 0,
      lastReplyMicroUsd,
      tokensLeft: 190_000,
    };
    const keepsFor = ["wrap_up", "summary"] as const;
    const call = { headTokens, budget: { ...budget, keepsFor } };
    const countTokens = async () => headTokens;
    const scene = openCallScene({ call, countTokens, limits: { requestTokens } });
    const { attempt, requests, ledger } = scene;
    const end = await makeCall(attempt(1));
    const replyTokens = requests[0]?.replyTokensMax ?? 0;
    return { kind: end.kind, replyTokens, ...(await ledger.totals("run_1")) };
  };

  test("follows the present prompt, and not what a request may grow to", async () => {
    expect(await heldWith(2000, 900_000)).toEqual(await heldWith(2000, 50_000));
    expect(await heldWith(2000, 900_000)).toMatchObject({ kind: "replied", replyTokens: 4096 });
  });

  test("is more the longer the prompt is, and shortens the reply before it refuses it", async () => {
    const { replyTokens } = await heldWith(14_000, 900_000);
    expect(replyTokens).toBeLessThan(4096);
    expect(replyTokens).toBeGreaterThanOrEqual(256);
    expect(await heldWith(20_000, 900_000)).toMatchObject({ kind: "denied", replyTokens: 0 });
    // The reply before it says that most of the prompt comes from the cache.
    expect(await heldWith(20_000, 900_000, 5000)).toMatchObject({ kind: "replied" });
  });
});
