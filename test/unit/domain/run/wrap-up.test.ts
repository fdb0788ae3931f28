// The last words of a run that stops at a limit: what is kept back for them, and how they are asked for.

import { describe, expect, test } from "@jest/globals";
import type { Limits } from "../../../../src/domain/limits.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { leavesRoom, limitHitWithReserve } from "../../../../src/domain/run/wrap-up.ts";
import {
  calling,
  denied,
  given,
  MODEL,
  replied,
  said,
  SNAPSHOT,
  textsIn,
} from "../../../support/run-story.ts";

const LIMITS: Limits = { ...SNAPSHOT.limits, modelCalls: 5, toolCalls: 10, wallClockMs: 100_000 };
const used = (modelCalls: number) => ({ costMicroUsd: 0, tokens: 0, modelCalls, toolCalls: 0 });

describe("limits with a summary kept back", () => {
  test("keep the last model call", () => {
    expect(limitHitWithReserve(LIMITS, used(3), 0)).toBeNull();
    expect(limitHitWithReserve(LIMITS, used(4), 0)).toMatchObject({ limit: "model_calls" });
  });

  test("leave a run of one call that one", () => {
    expect(limitHitWithReserve({ ...LIMITS, modelCalls: 1 }, used(0), 0)).toBeNull();
  });

  test("keep the last tenth of the time, once there is something to sum up", () => {
    expect(limitHitWithReserve(LIMITS, used(1), 89_999)).toBeNull();
    expect(limitHitWithReserve(LIMITS, used(1), 90_000)).toMatchObject({ limit: "wall_clock" });
    expect(limitHitWithReserve(LIMITS, used(0), 90_000)).toBeNull();
  });

  test("keep at most a minute", () => {
    const anHour = { ...LIMITS, wallClockMs: 3_600_000 };
    expect(limitHitWithReserve(anHour, used(1), 3_539_999)).toBeNull();
    expect(limitHitWithReserve(anHour, used(1), 3_540_000)).not.toBeNull();
  });

  test("leave no room where the prompt itself is too long", () => {
    expect(leavesRoom("request_tokens")).toBe(false);
    expect(leavesRoom("tenant_month")).toBe(true);
  });

  test("are told to every call but the last", () => {
    const run = given({ wrapUp: true });
    expect(run.call().budget.keepsFor).toEqual(["wrap_up"]);
    expect(stops().call().budget.keepsFor).toEqual([]);
    expect(given().call().budget.keepsFor).toEqual([]);
  });
});

const spent = { ...calling("calculator"), costMicroUsd: 1_000_000 };
/** At its cap, with a call of a tool answered. */
const stops = (more: Partial<Snapshot> = {}) =>
  given({ wrapUp: true, ...more })
    .asking(spent)
    .executing();
const atCap = { kind: "stopped", limit: "cost" };

describe("a run that stops", () => {
  test("asks for its last words with what its tools found, and a note of ours behind", () => {
    const call = stops().call();
    expect(call).toMatchObject({
      turn: 2,
      purpose: { kind: "wrap_up", stop: { limit: "cost" } },
      lane: "live",
    });
    expect(textsIn(call)).toEqual([
      "answer_call_0_calculator",
      expect.stringMatching(/^The run stops here: its limit on cost/),
    ]);
  });

  test("ends at its limit, with the last words for an answer, whatever they are", () => {
    for (const stopReason of ["end_turn", "max_tokens", "pause_turn"]) {
      const run = stops().asking(replied("so far", { stopReason }));
      expect(run.outcome()).toMatchObject(atCap);
      expect(run.memory().talk.answer).toBe("so far");
      expect(run.memory().counts.turn).toBe(2);
    }
  });

  test("begins its last words anew where what it said before was cut", () => {
    const cut = replied("AAA", { stopReason: "max_tokens", costMicroUsd: 1_000_000 });
    const run = given({ wrapUp: true }).asking(cut);
    expect(textsIn(run.call())[0]).toBe("Continue exactly where you stopped.");
    expect(run.asking(replied("BBB")).memory().talk.answer).toBe("BBB");
  });

  test("asks where no note may stand as well, and then without one", () => {
    const limits = { ...SNAPSHOT.limits, modelCalls: 20 };
    let run = given({ limits, wrapUp: true });
    for (let n = 0; n < 16; n += 1) run = run.asking(calling("nothing"));
    const call = run.asking(replied("", { costMicroUsd: 1_000_000 })).call();
    expect(call.purpose.kind).toBe("wrap_up");
    expect(call.entries).toEqual([]);
  });

  test("is stopped by a denial, too, be it of money or of tokens", () => {
    const noMoney = denied({ why: "cap", limit: "tenant_day", resetsAt: null });
    const run = given({ wrapUp: true }).asking(calling("nothing")).asking(noMoney);
    expect(run.call().purpose).toMatchObject({ kind: "wrap_up", stop: { limit: "tenant_day" } });
    const noTokens = denied({ why: "size", limit: "tokens" });
    const short = given({ wrapUp: true }).asking(calling("nothing")).asking(noTokens);
    expect(short.call().purpose).toMatchObject({ kind: "wrap_up", stop: { limit: "tokens" } });
  });

  test.each<[string, () => ReturnType<typeof given>]>([
    ["has said nothing yet", () => given({ wrapUp: true }).asking(NO_MONEY)],
    ["may not sum up", () => given().asking(spent).executing()],
    ["has no call left", () => stops({ limits: { ...SNAPSHOT.limits, modelCalls: 1 } })],
    [
      "has a prompt that is too long",
      () =>
        given({ wrapUp: true })
          .asking(calling("nothing"))
          .asking(denied({ why: "size", limit: "request_tokens" })),
    ],
  ])("says nothing more where it %s", (_, run) => {
    expect(run().outcome()).toMatchObject({ kind: "stopped" });
  });
});

const NO_MONEY = denied({ why: "cap", limit: "tenant_day", resetsAt: null });

describe("last words that don't come", () => {
  test.each<[string, RunFact]>([
    ["are not paid for", denied({ why: "cap", limit: "cost", resetsAt: null })],
    ["are held up by other runs", denied({ why: "holds", limit: "tenant_day" })],
    ["fail", { kind: "failed", code: "PROVIDER_REJECTED", message: "400" }],
    [
      "meet the provider's spend limit",
      { kind: "failed", code: "PROVIDER_SPEND_LIMIT", message: "" },
    ],
    ["are interrupted", { kind: "interrupted", crashTaxMicroUsd: 0 }],
    ["are refused", replied("no", { stopReason: "refusal" })],
  ])("%s: the run stops as it would have", (_, result) => {
    const run = stops().asking(result);
    expect(run.outcome()).toMatchObject(atCap);
    expect(run.memory().talk).toMatchObject({ answer: null, findings: "42" });
  });

  test("are no turn, and their lost attempts cost", () => {
    const run = stops().asking({ kind: "interrupted", crashTaxMicroUsd: 30 });
    expect(run.memory().counts).toMatchObject({ turn: 1, crashTaxMicroUsd: 30 });
    const failed = stops().asking({ kind: "failed", code: "X", message: "" });
    expect(failed.memory().counts.turn).toBe(1);
  });

  test("are not asked of another model where one refuses them", () => {
    const fallbacks = { chains: { [MODEL]: ["claude-haiku-5-5"] }, attemptsMax: 2, prices: {} };
    const run = stops({ fallbacks }).asking(replied("no", { stopReason: "refusal" }));
    expect(run.outcome()).toMatchObject(atCap);
  });
});

describe("last words that wait in line", () => {
  const inLine = (nowMs: number) =>
    denied({ why: "in_line", notBefore: new Date(nowMs + 1000).toISOString() }, nowMs);

  test("are asked for again in their turn", () => {
    const run = stops();
    const waits = run.asking(inLine(run.nowMs));
    expect(waits.wait()).toMatchObject({ reason: "capacity" });
    const standing = waits.standing();
    expect(standing.step()).toMatchObject({ kind: "wait", isNew: false });
    const again = waits.waiting();
    expect(again.call()).toEqual({ ...run.call(), warnings: [] });
    expect(again.asking(replied("so far")).outcome()).toMatchObject(atCap);
  });

  test("are waited for twenty times, and no longer", () => {
    let run = stops();
    for (let n = 0; n < 20; n += 1) run = run.asking(inLine(run.nowMs)).waiting();
    expect(run.call().purpose.kind).toBe("wrap_up");
    expect(run.asking(inLine(run.nowMs)).outcome()).toMatchObject(atCap);
  });

  test("are not waited for by a run that is cancelled", () => {
    const run = stops();
    const waits = run.asking(inLine(run.nowMs)).standing();
    expect(waits.and({ kind: "calledOff", by: "cancel" }).outcome().kind).toBe("cancelled");
    expect(waits.and({ kind: "calledOff", by: "clock" }).outcome()).toMatchObject({
      kind: "stopped",
      limit: "wall_clock",
    });
  });

  test("are not waited for any longer because a person speaks", () => {
    const run = stops();
    const waits = run.asking(inLine(run.nowMs)).standing().and(said("hello?"));
    expect(waits.step()).toMatchObject({ kind: "wait", isNew: false });
  });
});
