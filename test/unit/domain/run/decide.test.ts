// What a run does next, rule by rule: given what has happened, when it is decided, then this.

import { describe, expect, test } from "@jest/globals";
import type { Denial } from "../../../../src/domain/call.ts";
import { newRun } from "../../../../src/domain/run/state.ts";
import {
  calling,
  denied,
  ended,
  given,
  MODEL,
  replied,
  said,
  textsIn,
  SNAPSHOT,
  storyOf,
  ORDER,
  START_MS,
} from "../../../support/run-story.ts";

describe("a run that goes well", () => {
  test("asks with its task, and is answered", () => {
    const run = given();
    expect(run.call()).toMatchObject({ turn: 1, purpose: { kind: "work" }, head: "genesis" });
    expect(textsIn(run.call())).toEqual(["task"]);
    const end = run.asking(replied("54.4"));
    expect(end.step()).toEqual({ kind: "close", outcome: { kind: "answered" } });
    expect(end.memory().talk.answer).toBe("54.4");
  });

  test("R3: tells the answers of tools in the order of the calls, whichever ended first", () => {
    const reply = calling("calculator", "calculator");
    const [a = "", b = ""] = reply.toolCalls.map(({ callId }) => callId);
    const run = given().asking(reply);
    expect(run.step()).toEqual({ kind: "answer" });
    const answered = run.and(
      { kind: "toolBegan", callId: a },
      { kind: "toolBegan", callId: b },
      ended(b),
      ended(a),
    );
    expect(textsIn(answered.call())).toEqual([`answer_${a}`, `answer_${b}`]);
    expect(answered.call().turn).toBe(2);
    expect(given().call().budget.lastReplyMicroUsd).toBeNull();
    expect(answered.call().budget.lastReplyMicroUsd).toBe(reply.costMicroUsd);
    expect(answered.memory().counts.toolCalls).toBe(2);
  });

  test("R4: a tool that is lost is an answer to the model", () => {
    const reply = calling("write_file");
    const { callId = "" } = reply.toolCalls[0] ?? {};
    const run = given({ policy: { write_file: "allow" } })
      .asking(reply)
      .and(
        { kind: "toolBegan", callId },
        { kind: "toolLost", callId, code: "TIMED_OUT", message: "late" },
      );
    expect(JSON.stringify(run.call().entries)).toContain(
      "The outcome of this call is unknown: late",
    );
  });
});

describe("replies that are no answer", () => {
  test("an empty one is asked for again, once", () => {
    const run = given().asking(replied(""));
    expect(textsIn(run.call())).toEqual(["Please continue."]);
    expect(run.asking(replied("")).step()).toMatchObject({
      kind: "close",
      outcome: { kind: "failed", code: "EMPTY_REPLY" },
    });
  });

  test("a cut one is continued three times, and the pieces are one answer", () => {
    const cut = (text: string) => replied(text, { stopReason: "max_tokens" });
    const run = given().asking(cut("AAA "));
    expect(textsIn(run.call())).toEqual(["Continue exactly where you stopped."]);
    expect(run.asking(replied("BBB")).memory().talk.answer).toBe("AAA BBB");
    const stopped = run.asking(cut("B")).asking(cut("C")).asking(cut("D"));
    expect(stopped.step()).toMatchObject({
      kind: "close",
      outcome: { kind: "stopped", limit: "reply_tokens" },
    });
  });

  test("06.9: what was cut is kept over an empty reply, and over the refusal of all models", () => {
    const run = given().asking(replied("AAA ", { stopReason: "max_tokens" }));
    expect(run.asking(replied("")).asking(replied("BBB")).memory().talk.answer).toBe("AAA BBB");
    const refused = run.asking(replied("I can't.", { stopReason: "refusal" }));
    expect(refused.step()).toMatchObject({ outcome: { kind: "refused" } });
    expect(refused.memory().talk.answer).toBe("AAA ");
  });

  test("a call that was cut is never executed", () => {
    const run = given().asking({ ...calling("write_file"), stopReason: "max_tokens" });
    expect(JSON.stringify(run.call().entries)).toContain("The call was cut by the limit");
    expect(run.memory().counts.toolCalls).toBe(0);
  });

  test("three replies in a row with unreadable calls end the run", () => {
    const unreadable = () => {
      const reply = calling("calculator");
      return { ...reply, invalidCalls: reply.toolCalls.map(({ callId }) => callId) };
    };
    const run = given().asking(unreadable()).asking(unreadable());
    expect(run.step().kind).toBe("ask");
    expect(run.asking(unreadable()).step()).toMatchObject({
      outcome: { kind: "failed", code: "TOOL_INPUT_INVALID" },
    });
  });

  test("an unknown stop reason fails with its name", () => {
    expect(
      given()
        .asking(replied("x", { stopReason: "tired" }))
        .step(),
    ).toMatchObject({
      outcome: { kind: "failed", code: "UNKNOWN_STOP_REASON" },
    });
  });
});

describe("R2: limits", () => {
  test("a run stops at its cap with what it has", () => {
    const run = given().asking({ ...calling("nothing"), costMicroUsd: 1_000_000 });
    expect(run.step()).toMatchObject({
      kind: "close",
      outcome: { kind: "stopped", limit: "cost" },
    });
  });

  test("calls beyond the limit on tool calls are refused, in the order of the model", () => {
    const limits = { ...given().memory().snapshot.limits, toolCalls: 1 };
    const run = given({ limits }).asking(calling("calculator", "calculator"));
    const { phase } = run.state;
    if (phase.kind !== "answering") throw new Error("no call is open");
    expect(phase.calls.map(({ kind }) => kind)).toEqual(["cleared", "answered"]);
  });

  test("where the caller asked for it the run parks at a limit, and goes on with one more share", () => {
    const limits = { ...given().memory().snapshot.limits, modelCalls: 1 };
    const parked = given({ limits }, { onLimit: "pause" }).asking(calling("nothing"));
    const step = parked.step();
    expect(step).toMatchObject({ kind: "wait", wait: { reason: "budget", limit: "model_calls" } });
    if (step.kind !== "wait") throw new Error("it does not wait");
    const waiting = parked.and({ kind: "waits", wait: step.wait });
    expect(waiting.step()).toEqual({ kind: "wait", wait: step.wait, isNew: false });
    expect(waiting.and({ kind: "resumed" }).step().kind).toBe("ask");
  });

  test("D9: a cap that may have been raised is left to the ledger, and the cap of the run stays as it was", () => {
    const parked = given({}, { onLimit: "pause" }).asking({
      ...calling("nothing"),
      costMicroUsd: 1_000_000,
    });
    const step = parked.step();
    if (step.kind !== "wait") throw new Error("it does not wait");
    const looking = parked.and({ kind: "waits", wait: step.wait }, { kind: "lookedAgain" });
    expect(looking.call().budget.spentMicroUsd).toBe(1_000_000);
    expect(looking.memory().counts.costCapMicroUsd).toBe(1_000_000);
  });

  test("a run that stops sums up what it has, tools off", () => {
    const limits = { ...given().memory().snapshot.limits, modelCalls: 3 };
    const run = given({ limits, wrapUp: true })
      .asking(calling("nothing"))
      .asking(calling("nothing"));
    expect(run.call()).toMatchObject({
      purpose: { kind: "wrap_up", stop: { limit: "model_calls" } },
      turn: 3,
    });
    const end = run.asking(replied("so far"));
    expect(end.step()).toMatchObject({ outcome: { kind: "stopped", limit: "model_calls" } });
    expect(end.memory().talk.answer).toBe("so far");
  });
});

describe("denials", () => {
  test("D11: holds of other runs pass: the run waits two seconds, and says so", () => {
    const run = given().asking(denied({ why: "holds", limit: "tenant_day" }));
    expect(run.memory().counts.turn).toBe(0);
    const step = run.step();
    expect(step).toMatchObject({ kind: "wait", wait: { reason: "capacity" } });
    if (step.kind !== "wait") throw new Error("it does not wait");
    const again = run.and({ kind: "waits", wait: step.wait }, { kind: "waited" });
    expect(again.call()).toMatchObject({ turn: 1 });
    expect(again.state.wait).toEqual(step.wait);
    expect(again.asking(replied("x")).state.wait).toBeNull();
  });

  test("a spent cap stops the run, or parks it until the cap is a new day's", () => {
    const resetsAt = new Date(given().nowMs + 120_000).toISOString();
    const spent = denied({ why: "cap", limit: "tenant_day", resetsAt });
    expect(given().asking(spent).step()).toMatchObject({
      outcome: { kind: "stopped", limit: "tenant_day" },
    });
    expect(given({}, { onLimit: "pause" }).asking(spent).step()).toMatchObject({
      kind: "wait",
      wait: { limit: "tenant_day", nextAttemptAt: resetsAt },
    });
  });

  describe("where every call was lost before its money ran out", () => {
    const failure = { code: "PROVIDER_UNAVAILABLE", message: "The provider answered 502: sorry" };
    const spent = (limit: "cost" | "tenant_day") =>
      denied({ why: "cap", limit, resetsAt: null, crashTaxMicroUsd: 900, failure });

    test.each(["cost", "tenant_day"] as const)("the provider failed the run: %s", (limit) => {
      expect(given().asking(spent(limit)).outcome()).toEqual({ kind: "failed", ...failure });
    });

    test.each(["cost", "tenant_day"] as const)(
      "also where nothing is left for last words either: %s",
      (limit) => {
        const denial = { ...spent(limit), leavesNothing: true } as Denial;
        for (const wrapUp of [true, false]) {
          const run = given({ wrapUp }).asking(denial);
          expect(run.outcome()).toEqual({ kind: "failed", ...failure });
        }
      },
    );

    test("also where it had waited for the provider before", () => {
      const notBefore = new Date(given().nowMs + 3000).toISOString();
      const down = denied({ why: "down", notBefore, crashTaxMicroUsd: 900, failure });
      const cap = denied({ why: "cap", limit: "cost", resetsAt: null });
      expect(given().asking(down).waiting().asking(cap).outcome()).toEqual({
        kind: "failed",
        ...failure,
      });
    });

    test("but not where its attempts cost nothing: others have used what they share", () => {
      const free = { ...spent("tenant_day"), crashTaxMicroUsd: 0 };
      expect(given().asking(free).outcome()).toMatchObject({
        kind: "stopped",
        limit: "tenant_day",
      });
    });

    test("but not where a reply had come: a larger cap may do", () => {
      const run = given({ wrapUp: false }).asking(calling("calculator")).executing();
      expect(run.asking(spent("cost")).outcome()).toMatchObject({ kind: "stopped", limit: "cost" });
    });

    test("and a person may still raise the cap where limits park it", () => {
      const parked = given({}, { onLimit: "pause" }).asking(spent("cost"));
      expect(parked.wait()).toMatchObject({ limit: "cost" });
    });
  });

  test("a wait for capacity is over when an operator says so", () => {
    const notBefore = new Date(given().nowMs + 300_000).toISOString();
    const waiting = given()
      .asking(denied({ why: "rate_limited", notBefore }))
      .standing();
    expect(waiting.step()).toMatchObject({ kind: "wait", isNew: false });
    expect(waiting.and({ kind: "lookedAgain" }).call().turn).toBe(1);
  });

  test("a prompt that fits no request stops the run, also where limits park it", () => {
    const long = denied({ why: "size", limit: "request_tokens" });
    expect(given({}, { onLimit: "pause" }).asking(long).step()).toMatchObject({
      outcome: { kind: "stopped", limit: "request_tokens" },
    });
  });

  test("a model that is down is passed over where another stands in, and asked again later", () => {
    const fallbacks = {
      chains: { [MODEL]: ["claude-haiku-5-5"] },
      attemptsMax: 3,
      prices: {},
    };
    const start = given({ fallbacks });
    expect(start.call().course).toMatchObject({ model: MODEL, attemptsMax: 3 });
    const notBefore = new Date(start.nowMs + 30_000).toISOString();
    const run = start.asking(denied({ why: "down", notBefore }));
    expect(run.call().course).toMatchObject({
      model: "claude-haiku-5-5",
      wanted: MODEL,
      change: { from: MODEL, reason: "down" },
    });
    const served = run.asking({ ...calling("nothing"), model: "claude-haiku-5-5" });
    expect(served.call().course.model).toBe("claude-haiku-5-5");
    expect(served.after(61_000).call().course).toMatchObject({
      model: MODEL,
      change: { from: "claude-haiku-5-5", reason: "returned" },
    });
  });
});

describe("R7: people", () => {
  test("are heard with the next turn, in order, and a repeated message once", () => {
    const run = given().and(said("first"), said("second"), said("first"));
    expect(textsIn(run.call())).toEqual(["task", "first", "second"]);
    expect(run.asking(replied("x")).state.mail.unread).toEqual([]);
  });

  test("an answered run that has not heard all of it goes on", () => {
    const run = given().asking(said("and Rome?"), replied("54.4"));
    expect(textsIn(run.call())).toEqual(["and Rome?"]);
    const closing = given()
      .asking(replied("54.4"))
      .and({ kind: "closing", outcome: { kind: "answered" }, durationMs: 1 }, said("and Rome?"))
      .and({
        kind: "closed",
        ledger: { spentMicroUsd: 1, crashTaxMicroUsd: 0, modelAttempts: 1 },
      });
    expect(textsIn(closing.call())).toEqual(["and Rome?"]);
  });

  test("what is heard by calls that are denied again and again stays bounded", () => {
    let run = given();
    for (let n = 0; n < 40; n += 1) {
      run = run
        .and(said("x".repeat(8000), "queue", `m${n}`))
        .asking(denied({ why: "holds", limit: "tenant_day" }))
        .and({
          kind: "waits",
          wait: { reason: "capacity", message: "", nextAttemptAt: null, limit: null },
        })
        .and({ kind: "waited" });
    }
    expect(JSON.stringify(run.call().entries).length).toBeLessThan(66_000);
    expect(run.state.mail.unread.length).toBeGreaterThan(30);
  });

  test("a paused run rests once its call is over, and goes on when it is resumed", () => {
    const run = given().asking({ kind: "paused" }, calling("nothing"));
    expect(run.step()).toEqual({ kind: "rest" });
    expect(run.and({ kind: "resumed" }).step().kind).toBe("ask");
  });

  test("a cancel ends the run from wherever it stands", () => {
    const cancelled = { kind: "calledOff", by: "cancel" } as const;
    for (const run of [
      given(),
      given().asking(calling("calculator")),
      given().and({ kind: "paused" }),
    ]) {
      expect(run.and(cancelled).step()).toMatchObject({
        kind: "close",
        outcome: { kind: "cancelled" },
      });
    }
  });

  test("H1: an opening that comes back while a run that was called off closes its books is heard by nobody", () => {
    const opened = { snapshot: SNAPSHOT, head: "genesis", taskRef: "task" };
    const late = storyOf(ORDER, newRun(START_MS), START_MS)
      .and({ kind: "calledOff", by: "cancel" })
      .and({ kind: "closing", outcome: { kind: "cancelled", message: "" }, durationMs: 1 })
      .and({ kind: "opened", opened });
    expect(late.state).toMatchObject({ memory: null, phase: { kind: "closing" } });
  });
});
