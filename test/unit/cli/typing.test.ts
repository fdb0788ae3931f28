import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { follow } from "../../../src/cli/follow.ts";
import type { Keyboard, Typist } from "../../../src/cli/keyboard.ts";
import type { Renderer } from "../../../src/cli/renderer.ts";
import { typeAlong } from "../../../src/cli/type-along.ts";
import { meaningOf } from "../../../src/cli/typed-line.ts";
import { argsDigest } from "../../../src/domain/args-digest.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createFakeClient, eventOf, resultOf, RUN_ID } from "../../support/fake-client.ts";

const INPUT = { path: "a.txt", content: "x" };
const CALL = { callId: "1.1", argsDigest: argsDigest(INPUT) };
const OTHER = { callId: "1.3", argsDigest: "d3" };
const onScreen = (...calls: readonly (typeof CALL)[]) =>
  calls.map((call) => ({ ...call, problem: null }));
const HINTS = 1;

describe("a typed line", () => {
  test.each([
    ["hello there", "queue", "hello there"],
    ["  hello  ", "queue", "hello"],
    ["!stop that", "interrupt", "stop that"],
    ["! stop", "interrupt", "stop"],
    ["a", "queue", "a"],
    ["a 2", "queue", "a 2"],
    ["y", "queue", "y"],
  ] as const)("%j is a message where nothing waits", (line, mode, text) => {
    expect(meaningOf(line, [])).toEqual({ kind: "say", mode, text });
  });

  test.each(["", "  ", "!"])("%j is nothing", (line) => {
    expect(meaningOf(line, onScreen(CALL))).toEqual({ kind: "nothing" });
  });

  test.each([
    ["a", { verdict: "approve" }],
    ["A", { verdict: "approve", always: true }],
    ["d", { verdict: "deny" }],
    ["d not on a Sunday", { verdict: "deny", reason: "not on a Sunday" }],
    ['e {"path": "b.txt"}', { verdict: "approve", editedInput: { path: "b.txt" } }],
    ["a 1", { verdict: "approve" }],
    ["d 1 no", { verdict: "deny", reason: "no" }],
  ])("%j decides the call that waits, bound to its arguments", (line, decision) => {
    expect(meaningOf(line, onScreen(CALL))).toEqual({
      kind: "decide",
      decision: { ...CALL, ...decision },
    });
  });

  test.each(["e", "e [1]", "e {path"])("%j decides nothing and says why", (line) => {
    expect(meaningOf(line, onScreen(CALL))).toMatchObject({ kind: "problem" });
  });

  test.each(["a", "A", "d", "d not that one", "e {}", "y", "a 2"])(
    "%j decides none of several",
    (line) => {
      expect(meaningOf(line, onScreen(CALL, OTHER))).toMatchObject({ kind: "problem" });
    },
  );

  test.each([
    ["a 3", { ...OTHER, verdict: "approve" }],
    ["A 1", { ...CALL, verdict: "approve", always: true }],
    ["d 3 too bold", { ...OTHER, verdict: "deny", reason: "too bold" }],
    ['e 1 {"a": 2}', { ...CALL, verdict: "approve", editedInput: { a: 2 } }],
  ])("%j decides the one of several that it names", (line, decision) => {
    expect(meaningOf(line, onScreen(CALL, OTHER))).toEqual({ kind: "decide", decision });
  });

  test("a call that does not stand there whole can be denied and not approved", () => {
    const cut = [{ ...CALL, problem: "it is cut" }];
    for (const line of ["a", "A", "e {}", "a 1"]) {
      expect(meaningOf(line, cut)).toEqual({ kind: "problem", message: "it is cut" });
    }
    expect(meaningOf("d", cut)).toMatchObject({ kind: "decide", decision: { verdict: "deny" } });
  });

  test.each(["and then?", "do it", "approve of this", "a b"])(
    "%j is a message though a call waits",
    (line) => {
      expect(meaningOf(line, onScreen(CALL))).toMatchObject({ kind: "say", text: line });
    },
  );
});

function screen(): Renderer & { readonly shown: string[] } {
  const shown: string[] = [];
  return {
    shown,
    event: (event) => void shown.push(event.type === "reply.delta" ? event.text : event.type),
    notice: (text) => void shown.push(text),
    freshLine: () => void shown.push("\n"),
    close: () => {},
  };
}

class FakeKeyboard implements Keyboard {
  typist: Typist | null = null;
  listen(typist: Typist): { stop(): void } {
    this.typist = typist;
    return { stop: () => (this.typist = null) };
  }
  type(line: string): void {
    this.typist?.begins();
    this.typist?.ends(line);
  }
}

const delta = (text: string): RunEvent =>
  eventOf({ type: "reply.delta", turn: 1, attempt: 1, text });
const ASKED = {
  type: "approval.requested",
  turn: 1,
  tool: "write_file",
  input: INPUT,
  reason: "it writes",
  deadlineAt: "2026-11-22T10:00:00Z",
  ...CALL,
} as const;
const requested = eventOf(ASKED);
const decided = (callId: string): RunEvent =>
  eventOf({
    type: "approval.decided",
    turn: 1,
    callId,
    tool: "t",
    verdict: "approved",
    by: "me",
    reason: null,
    edited: false,
    always: false,
  });

const asked = (input: object) => ({ input, argsDigest: argsDigest(input) });

function watching() {
  const client = createFakeClient();
  const renderer = screen();
  const keyboard = new FakeKeyboard();
  const typing = typeAlong({ client, runId: RUN_ID, renderer }, keyboard, () => {});
  return { client, renderer, keyboard, typing, shown: () => renderer.shown.slice(HINTS) };
}

describe("while a person types", () => {
  test("what the run writes waits, and comes in order when the line is over", () => {
    const { keyboard, typing, shown } = watching();
    typing.renderer.event(delta("one"));
    keyboard.typist?.begins();
    typing.renderer.event(delta("two"));
    typing.renderer.event(delta("three"));
    expect(shown()).toEqual(["one", "\n"]);
    keyboard.typist?.ends(null);
    expect(shown()).toEqual(["one", "\n", "two", "three"]);
  });

  test("the end of the run is shown at once, and the keyboard is let go", () => {
    const { keyboard, typing, shown } = watching();
    keyboard.typist?.begins();
    typing.renderer.event(delta("last"));
    const result = resultOf({ kind: "answered" });
    typing.renderer.event(eventOf({ type: "run.ended", result }));
    expect(shown()).toEqual(["\n", "last", "run.ended"]);
    expect(keyboard.typist).toBeNull();
  });

  test("a line is said to the run, and not shown a second time when it comes back", () => {
    const { client, keyboard, typing, shown } = watching();
    keyboard.type("!and now?");
    expect(client.said).toMatchObject([{ text: "and now?", mode: "interrupt" }]);
    const { messageId = "" } = client.said[0] ?? {};
    const received = { type: "message.received", text: "x", mode: "queue", by: "me" } as const;
    typing.renderer.event(eventOf({ ...received, messageId }));
    typing.renderer.event(eventOf({ ...received, messageId: "another" }));
    expect(shown()).toEqual(["\n", "message.received"]);
  });

  test("the only call that waits is the one that is decided, until it is", () => {
    const { client, keyboard, typing } = watching();
    typing.renderer.event(requested);
    keyboard.type("a");
    expect(client.decisions).toMatchObject([{ ...CALL, verdict: "approve" }]);
    typing.renderer.event(decided(CALL.callId));
    keyboard.type("a");
    expect(client.said).toMatchObject([{ text: "a" }]);
  });

  test("a word counts for the call that stands on the screen, and for none that came meanwhile", () => {
    const { client, keyboard, typing } = watching();
    typing.renderer.event(requested);
    keyboard.typist?.begins();
    // Somebody else decides it, and the next turn asks about another.
    typing.renderer.event(decided(CALL.callId));
    typing.renderer.event(eventOf({ ...ASKED, callId: "2.1", turn: 2 }));
    keyboard.typist?.ends("a");
    expect(client.decisions).toMatchObject([CALL]);
    keyboard.type("a");
    expect(client.decisions).toMatchObject([CALL, { callId: "2.1" }]);
  });

  test.each([
    ["whose arguments are not those that the run names", { input: { path: "evil.txt" } }, /denied/],
    [
      "that is too long to be read in passing",
      asked({ path: "a.txt", content: "line\n".repeat(1000) }),
      /pawl approve run_test 1\.1/,
    ],
  ])("a call %s is not approved here", async (_, more, why) => {
    const { client, keyboard, typing, shown } = watching();
    typing.renderer.event(eventOf({ ...ASKED, ...more }));
    keyboard.type("a");
    expect(client.decisions).toEqual([]);
    expect(shown().at(-1)).toMatch(why);
    keyboard.type("d");
    expect(client.decisions).toMatchObject([{ verdict: "deny" }]);
  });

  test("what is refused is said, and the run is watched on", async () => {
    const client = createFakeClient({ failsWith: new Error("the run is over") });
    const renderer = screen();
    const keyboard = new FakeKeyboard();
    typeAlong({ client, runId: RUN_ID, renderer }, keyboard, () => {});
    keyboard.type("hello");
    await Promise.resolve();
    await Promise.resolve();
    expect(renderer.shown.at(-1)).toBe("the run is over");
  });

  test("Ctrl-C means what it means without a keyboard", async () => {
    const client = createFakeClient({ staysOpen: true });
    const signals = new EventEmitter();
    const keyboard = new FakeKeyboard();
    const options = { signals, keyboard, secondThoughtsMs: 1 };
    const following = follow(client, RUN_ID, screen(), options);
    keyboard.typist?.interrupts();
    expect(await following).toBe(7);
    expect(client.cancelled).toEqual([]);
    expect(keyboard.typist).toBeNull();
  });
});
