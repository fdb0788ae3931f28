// The batch lane: a run that can wait buys its replies at half price, and gets each within a day.

import { describe, expect, test } from "@jest/globals";
import type { Unserved } from "../../../../src/domain/call.ts";
import { nextLookMs, waitsUntilMs } from "../../../../src/domain/run/lane-terms.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { statusOf } from "../../../../src/domain/run/shown.ts";
import {
  calling,
  denied,
  given,
  replied,
  said,
  SNAPSHOT,
  START_MS,
  submitted,
  textsIn,
  weighing,
  type Story,
} from "../../../support/run-story.ts";

const HOUR_MS = 3_600_000;
const terms = { firstLookMs: 1000, canWaitForMs: null };
const inMs = (ms: number): string => new Date(START_MS + ms).toISOString();
const opened = (more: Partial<Snapshot> = {}) => given({ batchLane: terms, ...more });
const inLane = (more: Partial<Snapshot> = {}) => opened(more).asking(submitted(START_MS));
const pending = { kind: "pending", message: "batch batch_1: 3 of 5 are done" } as const;
const reply = { ...replied("54.4"), lane: "batch" } as const;

function unserved(code: Unserved["code"], crashTaxMicroUsd = 0): Unserved {
  return { kind: "unserved", code, message: code, crashTaxMicroUsd };
}

describe("the terms of the lane", () => {
  test("looks come ever less often, down to one in sixty times the first wait", () => {
    const waits = Array.from({ length: 30 }, (_, looks) => nextLookMs(terms, looks));
    expect(waits.slice(0, 4)).toEqual([1000, 1500, 2250, 3375]);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBe(60_000);
  });

  describe("a run waits for batches", () => {
    test.each([
      ["as long as the provider takes where nobody sets an end", null, null, null],
      ["until a quarter of its time is left", null, 1000, 750],
      ["until a quarter of what it can wait is left", 400, null, 300],
      ["by the nearer of both ends", 400, 1000, 300],
      ["and keeps fifteen minutes at most", 10 * HOUR_MS, null, 9.75 * HOUR_MS],
    ])("%s", (_, canWaitForMs, wallClockMs, expected) => {
      const until = waitsUntilMs({ ...terms, canWaitForMs }, wallClockMs, 5000);
      expect(until).toBe(expected === null ? null : 5000 + expected);
    });
  });
});

describe("a call in the lane", () => {
  test("is looked at after a first wait, then ever less often, until its reply is there", () => {
    const run = inLane();
    expect(run.state.phase).toMatchObject({ kind: "inLane", looks: 0 });
    expect(run.wait()).toEqual({
      reason: "batch",
      message: "batch batch_1 is under way",
      nextAttemptAt: inMs(1000),
      limit: null,
    });
    const once = run.waiting();
    expect(once.look()).toMatchObject({ giveUp: false, call: { turn: 1, lane: "batch" } });
    const again = once.looking(pending);
    expect(again.wait()).toMatchObject({ message: pending.message, nextAttemptAt: inMs(2500) });
    const done = again.waiting().looking(reply);
    expect(done.outcome()).toEqual({ kind: "answered" });
    expect(done.memory().counts).toMatchObject({ turn: 1, spentMicroUsd: 600 });
  });

  test("shows the run as one that waits", () => {
    expect(statusOf(inLane().standing().state)).toBe("waiting");
    expect(statusOf(inLane().waiting().looking(reply).state)).toBe("running");
  });

  test("whose submission was not confirmed is looked for all the same", () => {
    const run = opened().asking(submitted(START_MS, null));
    expect(run.wait().message).toBe("a batch that may have been made");
    expect(run.waiting().look().ticket.providerBatchId).toBeNull();
  });

  test("is told from a reply that comes while tools are open", () => {
    const run = inLane()
      .waiting()
      .looking({ ...calling("calculator"), lane: "batch" });
    expect(run.step()).toEqual({ kind: "answer" });
  });

  test("is denied as any other", () => {
    const run = opened().asking(denied({ why: "holds", limit: "tenant_day" }));
    expect(run.waiting().call()).toMatchObject({ turn: 1, lane: "batch" });
  });
});

describe("the lane is not taken", () => {
  test("by a run that can't wait", () => {
    expect(given().call().lane).toBe("live");
  });

  test("for the choice of a tier, nor for the words of a run that stops", () => {
    const models = { simple: "a", medium: "b", complex: "c" };
    const routing = { policy: "by-classifier", models, openingTokens: 1 } as const;
    expect(opened({ routing }).call()).toMatchObject({ purpose: { kind: "route" }, lane: "live" });
    const limits = { ...SNAPSHOT.limits, modelCalls: 2 };
    const stops = opened({ limits, wrapUp: true })
      .asking(submitted(START_MS))
      .waiting()
      .looking({ ...calling("nothing"), lane: "batch" });
    expect(stops.call()).toMatchObject({ purpose: { kind: "wrap_up" }, lane: "live" });
  });

  test("where there is no time left for a first look", () => {
    const limits = { ...SNAPSHOT.limits, wallClockMs: 100_000 };
    expect(opened({ limits }).after(73_999).call().lane).toBe("batch");
    expect(opened({ limits }).after(74_000).call().lane).toBe("live");
  });
});

describe("a batch that gives no reply", () => {
  test.each(["BATCH_ERRORED", "BATCH_EXPIRED", "BATCH_CANCELED"] as const)(
    "%s: the call is made live, once, under the same turn",
    (code) => {
      const run = inLane().waiting().looking(unserved(code, 40));
      expect(run.memory().counts).toMatchObject({ spentMicroUsd: 40, crashTaxMicroUsd: 40 });
      expect(run.call()).toMatchObject({ turn: 1, lane: "live", budget: { spentMicroUsd: 40 } });
      expect(run.asking(calling("nothing")).call()).toMatchObject({ turn: 2, lane: "batch" });
    },
  );

  test("and was lost is submitted again, three times in all", () => {
    let run = inLane();
    for (let n = 0; n < 2; n += 1) {
      run = run.waiting().looking(unserved("BATCH_LOST"));
      expect(run.call()).toMatchObject({ turn: 1, lane: "batch" });
      run = run.asking(submitted(run.nowMs));
    }
    expect(run.waiting().looking(unserved("BATCH_LOST")).call().lane).toBe("live");
  });

  test("because none could be made: the call is made live", () => {
    const failed = { kind: "failed", code: "PROVIDER_UNAVAILABLE", message: "no batches" } as const;
    expect(opened().asking(failed).call()).toMatchObject({ turn: 1, lane: "live" });
  });

  test("in time is given up when the time is over, and the call is made live", () => {
    const limits = { ...SNAPSHOT.limits, wallClockMs: 2000 };
    const run = inLane({ limits }).waiting().looking(pending);
    expect(run.wait().nextAttemptAt).toBe(inMs(1500));
    const late = run.waiting();
    expect(late.look().giveUp).toBe(true);
    expect(late.looking(unserved("BATCH_LEFT")).call().lane).toBe("live");
    expect(late.looking(reply).outcome()).toEqual({ kind: "answered" });
  });

  test("a day later will have none", () => {
    const run = inLane()
      .after(25 * HOUR_MS)
      .and({ kind: "waited" });
    expect(run.look().giveUp).toBe(true);
  });

  test("and a look that fails ends the run with its cause", () => {
    const failed = { kind: "failed", code: "PROVIDER_AUTH", message: "401" } as const;
    expect(inLane().waiting().looking(failed).outcome()).toEqual({
      kind: "failed",
      code: "PROVIDER_AUTH",
      message: "401",
    });
  });
});

describe("people and a batch", () => {
  const speaks = (run: Story) => run.and(said("stop that", "interrupt"));

  test("who queue a message are heard with the next call, live or not", () => {
    const run = inLane().and(said("and Rome?"));
    expect(run.step().kind).toBe("wait");
    const live = run.waiting().looking(unserved("BATCH_EXPIRED"));
    expect(textsIn(live.call())).toEqual(["task", "and Rome?"]);
    expect(textsIn(run.waiting().looking(reply).call())).toEqual(["and Rome?"]);
  });

  test("who interrupt have the batch left, and are heard at once, in a batch of its own", () => {
    for (const run of [speaks(inLane().standing()), speaks(inLane().waiting())]) {
      expect(run.look().giveUp).toBe(true);
      const left = run.looking(unserved("BATCH_LEFT", 500));
      expect(textsIn(left.call())).toEqual(["task", "stop that"]);
      expect(left.call()).toMatchObject({ turn: 1, lane: "batch", budget: { spentMicroUsd: 500 } });
    }
  });

  test("who interrupt what had been delivered are heard behind it", () => {
    const run = speaks(inLane().standing()).looking(reply);
    expect(textsIn(run.call())).toEqual(["stop that"]);
    expect(run.memory().talk.answer).toBe("54.4");
  });

  test("who interrupt a summary are heard behind it: then it is made live", () => {
    const due = opened({ compactAtTokens: 35_000 })
      .asking(weighing(2000, calling("nothing")))
      .asking(weighing(36_000, calling("nothing")));
    for (const code of ["BATCH_LEFT", "BATCH_LOST"] as const) {
      const left = speaks(due.asking(submitted(START_MS))).looking(unserved(code));
      expect(left.call()).toMatchObject({ purpose: { kind: "summary" }, lane: "live" });
      expect(textsIn(left.asking(replied("summary")).call()).at(-1)).toBe("stop that");
    }
  });

  test("who cancel have it taken back; what it did deliver is brought home first", () => {
    const cancelled = inLane().standing().and({ kind: "calledOff", by: "cancel" });
    expect(cancelled.look().giveUp).toBe(true);
    const home = cancelled.looking(reply);
    expect(home.outcome()).toMatchObject({ kind: "cancelled" });
    expect(home.memory().talk.answer).toBe("54.4");
    expect(cancelled.looking(unserved("BATCH_LEFT")).outcome()).toMatchObject({
      kind: "cancelled",
    });
  });

  test("who cancel while it is looked at have it looked at once more, to leave it", () => {
    const run = inLane().waiting().and({ kind: "looks", giveUp: false });
    const cancelled = run.and({ kind: "calledOff", by: "cancel" });
    expect(cancelled.look().giveUp).toBe(true);
    expect(cancelled.and(pending).look().giveUp).toBe(true);
  });

  test("who pause let the batch come to its end, and have the run rest behind it", () => {
    const run = inLane().and({ kind: "paused" });
    expect(run.step().kind).toBe("wait");
    const rests = run.waiting().looking(unserved("BATCH_EXPIRED"));
    expect(rests.step()).toEqual({ kind: "rest" });
    expect(rests.and({ kind: "resumed" }).call().lane).toBe("live");
  });
});
