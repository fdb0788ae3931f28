// What people may do to a run in flight: speak, interrupt, pause, let it go on, call it off.

import { describe, expect, test } from "@jest/globals";
import { statusOf, waitOf } from "../../../../src/domain/run/shown.ts";
import {
  calling,
  denied,
  given,
  replied,
  said,
  SNAPSHOT,
  textsIn,
  weighing,
} from "../../../support/run-story.ts";

const interrupt = (text: string) => said(text, "interrupt");
const paused = { kind: "paused" } as const;
const resumed = { kind: "resumed" } as const;

describe("R7: what is said", () => {
  test("while a call is under way is heard by the next", () => {
    const run = given().asking(said("and Rome?"), calling("nothing"));
    expect(textsIn(run.call()).at(-1)).toBe("and Rome?");
  });

  test("is heard again by a call that is made again, in its place and before what came since", () => {
    const run = given()
      .and(said("one"))
      .asking(said("two"), denied({ why: "holds", limit: "tenant_day" }));
    expect(textsIn(run.waiting().call())).toEqual(["task", "one", "two"]);
    expect(run.waiting().asking(replied("x")).state.mail.unread).toEqual([]);
  });

  test("is not heard within a turn that the provider paused, but behind it", () => {
    const run = given().asking(said("and Rome?"), replied("hm", { stopReason: "pause_turn" }));
    expect(run.call().entries).toEqual([]);
    expect(textsIn(run.asking(calling("nothing")).call()).at(-1)).toBe("and Rome?");
  });

  test("comes in as many calls as it takes, each with 64 KiB at most", () => {
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(30_000));
    const run = given().and(...texts.map((text) => said(text)));
    expect(textsIn(run.call())).toEqual(["task", texts[0], texts[1]]);
    expect(textsIn(run.asking(replied("x")).call())).toEqual([texts[2]]);
  });

  test("is heard however long it is, alone", () => {
    const run = given().and(said("x".repeat(100_000), "queue", "1"), said("y"));
    expect(run.call().entries).toHaveLength(2);
    expect(textsIn(run.asking(replied("x")).call())).toEqual(["y"]);
  });
});

describe("an interrupt", () => {
  test("stops the call: it is no turn, what it was told is told again, and then the message", () => {
    const stopped = { kind: "interrupted", crashTaxMicroUsd: 30 } as const;
    const run = given().asking(interrupt("stop"), stopped);
    expect(run.call().turn).toBe(1);
    expect(textsIn(run.call())).toEqual(["task", "stop"]);
    expect(run.memory().counts).toMatchObject({ spentMicroUsd: 30 });
  });

  test("keeps what was written until then", () => {
    const run = given().asking(interrupt("stop"), replied("It is", { stopReason: "interrupted" }));
    expect(run.memory().talk.answer).toBe("It is");
    expect(textsIn(run.call())).toEqual(["stop"]);
    expect(run.call().turn).toBe(2);
  });

  test("is what made a call fail that fails beside it, whichever was told first", () => {
    const failed = { kind: "failed", code: "CANCELLED", message: "cancelled" } as const;
    for (const facts of [
      [interrupt("stop"), failed],
      [failed, interrupt("stop")],
    ]) {
      const run = given().asking(...facts);
      expect(run.call().turn).toBe(1);
      expect(textsIn(run.call())).toEqual(["task", "stop"]);
    }
  });

  test("of a message that the call takes along stops nothing", () => {
    const failed = { kind: "failed", code: "PROVIDER_AUTH", message: "401" } as const;
    const run = given().and(interrupt("stop")).asking(failed);
    expect(run.outcome()).toMatchObject({ kind: "failed", code: "PROVIDER_AUTH" });
  });

  test("that was there before the call, and had no room in it, stops nothing", () => {
    const failed = { kind: "failed", code: "PROVIDER_AUTH", message: "401" } as const;
    const run = given().and(said("x".repeat(65_450)), interrupt("stop"));
    expect(run.call().entries).toHaveLength(2);
    expect(run.asking(failed).outcome()).toMatchObject({ kind: "failed" });
  });

  test("a queued message stops nothing", () => {
    const failed = { kind: "failed", code: "PROVIDER_AUTH", message: "401" } as const;
    expect(given().asking(said("well?"), failed).outcome()).toMatchObject({ kind: "failed" });
  });

  test("is heard behind a summary", () => {
    const due = given({ compactAtTokens: 35_000 })
      .asking(weighing(2000, calling("nothing")))
      .asking(weighing(36_000, calling("nothing")));
    const failed = { kind: "failed", code: "PROVIDER_AUTH", message: "401" } as const;
    expect(due.asking(interrupt("stop"), failed).outcome()).toMatchObject({ kind: "failed" });
    expect(textsIn(due.asking(interrupt("stop"), replied("sum")).call()).at(-1)).toBe("stop");
  });
});

describe("a pause", () => {
  test("comes before the next call, whatever it is for, and lasts until the run is resumed", () => {
    const run = given().and(paused);
    expect(run.step()).toEqual({ kind: "rest" });
    expect(statusOf(run.state)).toBe("paused");
    const on = run.and(resumed);
    expect(on.call().turn).toBe(1);
    expect(statusOf(on.state)).toBe("running");
  });

  test("lets the calls of the newest reply be answered first", () => {
    const run = given().asking(paused, calling("calculator"));
    expect(run.step()).toEqual({ kind: "answer" });
    expect(run.executing().step()).toEqual({ kind: "rest" });
  });

  test("comes before a stop at a limit, and behind an end", () => {
    const atCap = { ...calling("nothing"), costMicroUsd: 1_000_000 };
    expect(given().asking(paused, atCap).step()).toEqual({ kind: "rest" });
    expect(given().asking(paused, replied("54.4")).outcome()).toEqual({ kind: "answered" });
  });

  test("in a wait leaves the wait as it is, and lasts beyond it", () => {
    const run = given().asking(denied({ why: "holds", limit: "tenant_day" }));
    const waited = run.waiting().and(paused);
    expect(waited.step()).toEqual({ kind: "rest" });
    expect(waited.and(resumed).step().kind).toBe("ask");
  });

  test("makes the run one that asks for an hour of the cache, where that is left to it", () => {
    const run = given({ cacheTtl: "auto" });
    expect(run.call().cacheTtl).toBeUndefined();
    expect(run.and(paused, resumed).call().cacheTtl).toBe("1h");
    expect(given({ cacheTtl: "1h" }).call().cacheTtl).toBe("1h");
    expect(given().and(paused, resumed).call().cacheTtl).toBeUndefined();
  });
});

describe("a run that is parked", () => {
  const spendLimit = { kind: "failed", code: "PROVIDER_SPEND_LIMIT", message: "pay" } as const;

  test("at the provider's spend limit waits for a person alone, and its call was no turn", () => {
    const run = given({}, { onLimit: "pause" }).asking(spendLimit);
    expect(run.wait()).toEqual({
      reason: "provider",
      message: "pay",
      nextAttemptAt: null,
      limit: "provider_spend",
    });
    const parked = run.standing();
    expect(parked.and({ kind: "lookedAgain" }).step()).toMatchObject({ kind: "wait" });
    expect(parked.and(resumed).call().turn).toBe(1);
    expect(parked.and(resumed).memory().counts.extensions).toBe(0);
  });

  test("there stops, where its caller wants it to", () => {
    expect(given().asking(spendLimit).outcome()).toEqual({
      kind: "stopped",
      limit: "provider_spend",
      message: "pay",
    });
  });

  test("at a cap looks again after five minutes, and says so until a reply comes", () => {
    const run = given({}, { onLimit: "pause" }).asking({
      ...calling("nothing"),
      costMicroUsd: 1_000_000,
    });
    const until = new Date(run.nowMs + 300_000).toISOString();
    expect(run.wait()).toMatchObject({ reason: "budget", limit: "cost", nextAttemptAt: until });
    expect(statusOf(run.standing().state)).toBe("waiting");
    const tried = run.waiting();
    expect(waitOf(tried.state)).toMatchObject({ limit: "cost" });
    expect(waitOf(tried.asking(replied("x")).state)).toBeNull();
  });

  test("at a count of its own goes on with a share more, and parks at the next", () => {
    const limits = { ...SNAPSHOT.limits, modelCalls: 1 };
    const parked = given({ limits }, { onLimit: "pause" }).asking(calling("nothing")).standing();
    expect(parked.and({ kind: "lookedAgain" }).wait()).toEqual(parked.wait());
    const on = parked.and(resumed);
    expect(on.asking(calling("nothing")).wait()).toMatchObject({ limit: "model_calls" });
  });
});

describe("who calls a run off", () => {
  test.each(["cancel", "clock"] as const)("by %s ends it once its call is over", (by) => {
    const run = given({ limits: { ...SNAPSHOT.limits, wallClockMs: 1000 } });
    const over = run.asking({ kind: "calledOff", by }, calling("calculator"));
    expect(over.outcome()).toEqual(
      by === "cancel"
        ? { kind: "cancelled", message: "the run was cancelled" }
        : { kind: "stopped", limit: "wall_clock", message: "the run took longer than 1000 ms" },
    );
  });

  test("a person's word counts, whether the clock ran out before or after it", () => {
    const cancel = { kind: "calledOff", by: "cancel" } as const;
    const clock = { kind: "calledOff", by: "clock" } as const;
    for (const facts of [
      [cancel, clock],
      [clock, cancel],
    ]) {
      expect(
        given()
          .and(...facts)
          .outcome().kind,
      ).toBe("cancelled");
    }
  });

  test("ends a run that is paused, parked or answering, too", () => {
    const cancel = { kind: "calledOff", by: "cancel" } as const;
    const atCap = { ...calling("nothing"), costMicroUsd: 1_000_000 };
    for (const run of [
      given().and(paused),
      given({}, { onLimit: "pause" }).asking(atCap).standing(),
      given().asking(calling("calculator")),
    ]) {
      expect(run.and(cancel).outcome().kind).toBe("cancelled");
    }
  });
});
