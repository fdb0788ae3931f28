import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { follow } from "../../../src/cli/follow.ts";
import type { Keyboard, Typist } from "../../../src/cli/keyboard.ts";
import type { Renderer } from "../../../src/cli/renderer.ts";
import { typeAlong } from "../../../src/cli/type-along.ts";
import { meaningOf } from "../../../src/cli/typed-line.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createFakeClient, eventOf, resultOf, RUN_ID } from "../../support/fake-client.ts";

const CALL = { callId: "toolu_1", argsDigest: "d1" };
const HINTS = 1;

describe("a typed line", () => {
  test.each([
    ["hello there", "queue", "hello there"],
    ["  hello  ", "queue", "hello"],
    ["!stop that", "interrupt", "stop that"],
    ["! stop", "interrupt", "stop"],
    ["a", "queue", "a"],
  ] as const)("%j is a message where nothing waits", (line, mode, text) => {
    expect(meaningOf(line, null)).toEqual({ kind: "say", mode, text });
  });

  test.each(["", "  ", "!"])("%j is nothing", (line) => {
    expect(meaningOf(line, CALL)).toEqual({ kind: "nothing" });
  });

  test.each([
    ["a", { verdict: "approve" }],
    ["A", { verdict: "approve", always: true }],
    ["d", { verdict: "deny" }],
    ["d not on a Sunday", { verdict: "deny", reason: "not on a Sunday" }],
    ['e {"path": "b.txt"}', { verdict: "approve", editedInput: { path: "b.txt" } }],
  ])("%j decides the call that waits, bound to its arguments", (line, decision) => {
    expect(meaningOf(line, CALL)).toEqual({ kind: "decide", decision: { ...CALL, ...decision } });
  });

  test.each(["e", "e [1]", "e {path"])("%j decides nothing and says why", (line) => {
    expect(meaningOf(line, CALL)).toMatchObject({ kind: "problem" });
  });

  test.each(["and then?", "do it", "approve of this", "a b"])(
    "%j is a message though a call waits",
    (line) => {
      expect(meaningOf(line, CALL)).toMatchObject({ kind: "say", text: line });
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
const requested = eventOf({
  type: "approval.requested",
  turn: 1,
  tool: "write_file",
  input: {},
  reason: "it writes",
  deadlineAt: "2026-11-22T10:00:00Z",
  ...CALL,
});

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

  test("the oldest call that waits is the one that is decided, until it is", async () => {
    const { client, keyboard, typing } = watching();
    typing.renderer.event(requested);
    keyboard.type("a");
    expect(client.decisions).toMatchObject([{ ...CALL, verdict: "approve" }]);
    const rest = {
      verdict: "approved",
      by: "me",
      reason: null,
      edited: false,
      always: false,
    } as const;
    const decided = { type: "approval.decided", turn: 1, callId: CALL.callId, tool: "t" } as const;
    typing.renderer.event(eventOf({ ...decided, ...rest }));
    keyboard.type("a");
    expect(client.said).toMatchObject([{ text: "a" }]);
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
