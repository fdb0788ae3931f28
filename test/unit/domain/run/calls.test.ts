// The calls of one reply: what each may do, who is asked, and the one answer that each comes to.

import { describe, expect, test } from "@jest/globals";
import { SILENCE } from "../../../../src/domain/approval.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { expiredOf, pendingOf, waitOf } from "../../../../src/domain/run/shown.ts";
import {
  calling,
  ended,
  given,
  replied,
  ruled,
  said,
  SNAPSHOT,
  textsIn,
  toolNamed,
  type Story,
} from "../../../support/run-story.ts";

const WRITE = "call_0_write_file";
const CALC = "call_0_calculator";
const kindsOf = (run: Story) => run.calls().map(({ kind }) => kind);
/** What the model reads of its first call. */
const toldOf = (run: Story) => textsIn(run.call())[0];
const limitedTo = (toolCalls: number, more: Partial<Snapshot> = {}) =>
  given({ limits: { ...SNAPSHOT.limits, toolCalls }, ...more });

describe("what a call may do", () => {
  test("follows the permission of its tool, or what the policy of the run says of it", () => {
    const asks = (policy: Snapshot["policy"]) =>
      given({ policy }).asking(calling("write_file", "calculator"));
    expect(kindsOf(asks({}))).toEqual(["toAsk", "cleared"]);
    expect(kindsOf(asks({ write_file: "allow" }))).toEqual(["cleared", "cleared"]);
    expect(kindsOf(asks({ calculator: "ask" }))).toEqual(["toAsk", "toAsk"]);
    expect(kindsOf(asks({ write_file: "deny" }))).toEqual(["answered", "cleared"]);
  });

  test.each<[string, Partial<Snapshot>, string, RegExp]>([
    ["of no tool", {}, "made_up", /There is no tool named made_up\..*There are: calculator, write/],
    [
      "of a tool that was not offered, and is denied",
      { policy: { shell: "deny" } },
      "shell",
      /not allowed: the policy of this run denies shell/,
    ],
    [
      "of a tool that is denied",
      { policy: { calculator: "deny" } },
      "calculator",
      /not allowed: the policy of this run denies calculator/,
    ],
  ])("a call %s is answered at once", (_, snapshot, name, answer) => {
    const run = given(snapshot).asking(calling(name));
    expect(toldOf(run)).toMatch(answer);
    expect(run.memory().counts.toolCalls).toBe(0);
  });

  test("a call of a server tool's name is executed by our own of that name", () => {
    const search = toolNamed("web_search");
    const snapshot: Partial<Snapshot> = {
      serverTools: [{ type: "web_search_20260318", name: "web_search", max_uses: 1 }],
      standInTools: [search],
    };
    expect(kindsOf(given(snapshot).asking(calling("web_search")))).toEqual(["cleared"]);
    expect(toldOf(given(snapshot).asking(calling("made_up")))).toMatch(/There are: .*web_search/);
    const denied = { ...snapshot, policy: { web_search: "deny" } as const };
    expect(toldOf(given(denied).asking(calling("web_search")))).toMatch(/not allowed/);
    expect(
      toldOf(given({ serverTools: snapshot.serverTools ?? [] }).asking(calling("web_search"))),
    ).toMatch(/no tool named web_search/);
  });

  test.each<[string, readonly string[], number]>([
    ["one of no tool", ["made_up"], 1],
    ["two of them", ["made_up", "other"], 2],
    ["one beside others", ["calculator", "made_up", "write_file"], 1],
    ["none", ["calculator"], 0],
  ])("calls that nobody executes are counted: %s", (_, names, refused) => {
    const run = given().asking(calling(...names));
    expect(run.memory().talk.refusedCalls).toBe(refused);
    expect(run.memory().counts.toolCalls).toBe(0);
  });

  test("a call whose arguments were no JSON is not executed, and the model is told", () => {
    const run = given().asking({ ...calling("calculator"), invalidCalls: [CALC] });
    expect(toldOf(run)).toMatch(/not a valid JSON object/);
  });

  test("a call with an effect is not made where nothing is left to spend", () => {
    const policy = { write_file: "allow" } as const;
    const reply = { ...calling("write_file", "calculator"), costMicroUsd: 1_000_000 };
    const run = given({ policy }, { onLimit: "pause" }).asking(reply);
    expect(kindsOf(run)).toEqual(["answered", "cleared"]);
    const { entries } = run.executing().memory().talk;
    expect(JSON.stringify(entries[0])).toMatch(/the run has spent all that it may cost/);
  });
});

describe("the limit on tool calls", () => {
  test("is shared out in the order of the model, and what is refused takes no share", () => {
    const run = limitedTo(2).asking(calling("made_up", "calculator", "calculator", "calculator"));
    expect(kindsOf(run)).toEqual(["answered", "cleared", "cleared", "answered"]);
    const told = textsIn({ entries: run.executing().memory().talk.entries });
    expect(told[3]).toMatch(/The run's limit on tool calls is reached/);
  });

  test("keeps the place of one who waits for a person", () => {
    const run = limitedTo(1).asking(calling("write_file", "calculator"));
    expect(kindsOf(run)).toEqual(["toAsk", "answered"]);
    const denied = run.askingPeople().and(ruled(WRITE, { verdict: "denied" }));
    expect(denied.memory().counts.toolCalls).toBe(0);
  });

  test("counts over replies, each call once, whether its begin was told or its end alone", () => {
    const run = limitedTo(2).asking(calling("calculator")).executing();
    expect(run.memory().counts.toolCalls).toBe(1);
    const inline = run.asking(calling("calculator", "calculator"));
    expect(kindsOf(inline)).toEqual(["cleared", "answered"]);
    expect(inline.and(ended(CALC)).memory().counts.toolCalls).toBe(2);
  });

  test("stops the run once it is reached and the answers were told to nobody", () => {
    const run = limitedTo(1).asking(calling("calculator")).executing();
    expect(run.outcome()).toMatchObject({ kind: "stopped", limit: "tool_calls" });
  });
});

describe("R3: each call has one answer", () => {
  test("in the order of the model, whichever came first", () => {
    const run = given().asking(calling("calculator", "calculator", "made_up"));
    const [a = "", b = ""] = run.calls().map(({ callId }) => callId);
    const told = textsIn(run.and(ended(b), ended(a)).call());
    expect(told.slice(0, 2)).toEqual([`answer_${a}`, `answer_${b}`]);
    expect(told[2]).toMatch(/There is no tool named made_up/);
  });

  test("and a second that comes for it changes nothing", () => {
    const run = given().asking(calling("calculator", "calculator")).and(ended(CALC, "first"));
    const again = run.and(ended(CALC, "second"));
    expect(again.state).toEqual(run.state);
  });

  test("people are heard behind all of them", () => {
    const run = given().asking(said("and Rome?"), calling("calculator")).executing();
    expect(textsIn(run.call())).toEqual([`answer_${CALC}`, "and Rome?"]);
  });
});

describe("R4: a tool that is lost", () => {
  const lost = (effect: "pure" | "once" | "verifiable") => {
    const tools = [toolNamed("act", { effect })];
    const gone = { kind: "toolLost", callId: "call_0_act", code: "X", message: "late" } as const;
    return toldOf(given({ tools }).asking(calling("act")).and(gone));
  };

  test("did nothing where it has no effect, and may be tried another way", () => {
    expect(lost("pure")).toMatch(/The tool failed: X late.*Try another way/);
  });

  test.each(["once", "verifiable"] as const)("may have acted where its effect is %s", (effect) => {
    expect(lost(effect)).toMatch(/The outcome of this call is unknown: late.*not repeated/);
  });
});

describe("a person's word", () => {
  const asked = () => given().asking(calling("write_file", "calculator")).askingPeople();

  test("is asked for while the other calls go on", () => {
    const run = asked().and(ended("call_1_calculator"));
    expect(pendingOf(run.state)).toMatchObject([
      { callId: WRITE, argsDigest: "digest_0", reason: expect.stringMatching(/permission write/) },
    ]);
    expect(waitOf(run.state)).toMatchObject({ reason: "approval", nextAttemptAt: null });
    expect(run.step()).toEqual({ kind: "answer" });
  });

  test("clears the call, for the arguments that were seen, with name and reason", () => {
    const run = asked().and(ruled(WRITE, { verdict: "approved", reason: "fine" }));
    expect(run.calls()[0]).toMatchObject({
      kind: "cleared",
      clearance: { verdict: "approved", reason: "fine", argsDigest: "digest_0", by: "ann" },
    });
    expect(pendingOf(run.state)).toEqual([]);
  });

  test("may change the arguments", () => {
    const editedInput = { path: "b.txt" };
    const run = asked().and(ruled(WRITE, { verdict: "approved", editedInput }));
    expect(run.calls()[0]).toMatchObject({ clearance: { editedInput } });
  });

  test("for always holds for later calls of the tool, and for no other tool", () => {
    const tools = [...SNAPSHOT.tools, toolNamed("send", { permission: "write" })];
    const run = given({ tools })
      .asking(calling("write_file"))
      .askingPeople()
      .and(ruled(WRITE, { verdict: "approved", always: true }))
      .executing()
      .asking(calling("write_file", "send"));
    expect(kindsOf(run)).toEqual(["cleared", "toAsk"]);
  });

  test("for this call alone holds for no other", () => {
    const run = given()
      .asking(calling("write_file"))
      .askingPeople()
      .and(ruled(WRITE, { verdict: "approved" }))
      .executing()
      .asking(calling("write_file"));
    expect(kindsOf(run)).toEqual(["toAsk"]);
  });

  test.each([
    ["ann", "too risky", /ann denied this call: too risky\. It was not executed/],
    [null, null, /A person denied this call\. It was not executed/],
  ])("against it is told to the model: by %s, %s", (by, reason, answer) => {
    const run = given().asking(calling("write_file")).askingPeople();
    const denied = run.and(ruled(WRITE, { verdict: "denied", by, reason }));
    expect(toldOf(denied)).toMatch(answer);
    expect(denied.memory().counts.toolCalls).toBe(0);
  });

  test("that does not come in time is a denial, which the model and people are told", () => {
    const run = given().asking(calling("write_file")).askingPeople();
    const expired = run.and({ kind: "ruled", callId: WRITE, ruling: SILENCE });
    expect(toldOf(expired)).toMatch(/Nobody approved this call until .*; silence is a denial/);
    expect(expiredOf(expired.state)).toEqual([WRITE]);
    expect(expiredOf(expired.asking(replied("x")).state)).toEqual([]);
  });

  test("A1: counts once; another says nothing, and the first is remembered", () => {
    const run = asked().and(ruled(WRITE, { verdict: "denied" }));
    expect(run.and(ruled(WRITE, { verdict: "approved" })).state).toEqual(run.state);
    expect(run.memory().people.settled).toEqual([{ callId: WRITE, verdict: "denied" }]);
  });

  test("on a call about which nobody was asked is none", () => {
    const run = given().asking(calling("write_file", "calculator"));
    for (const callId of [WRITE, "call_1_calculator", "call_9"]) {
      expect(run.and(ruled(callId, { verdict: "approved" })).state).toEqual(run.state);
    }
  });

  test("is no longer asked for by a run that ends", () => {
    const run = asked().and({ kind: "calledOff", by: "cancel" });
    expect(pendingOf(run.state)).toEqual([]);
    expect(run.outcome().kind).toBe("cancelled");
  });

  test("makes the run one that asks for an hour of the cache", () => {
    const run = given({ cacheTtl: "auto" }).asking(calling("write_file")).askingPeople();
    const on = run.and(ruled(WRITE, { verdict: "denied" }));
    expect(on.call().cacheTtl).toBe("1h");
  });
});

test("calls of a reply that was cut are told so, all of them, and findings stay as they were", () => {
  const run = given()
    .asking(calling("calculator"))
    .executing("41")
    .asking({ ...calling("calculator", "write_file"), stopReason: "max_tokens" });
  for (const told of textsIn(run.call())) {
    expect(told).toMatch(/cut by the limit on reply length.*shorter arguments/);
  }
  expect(run.call().entries).toHaveLength(2);
  expect(run.memory().talk.findings).toBe("41");
});
