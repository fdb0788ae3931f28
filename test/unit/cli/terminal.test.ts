import { describe, expect, test } from "@jest/globals";
import { createPlain } from "../../../src/cli/plain.ts";
import { textOf } from "../../../src/cli/show.ts";
import { createMargin } from "../../../src/cli/margin.ts";
import { lineOf } from "../../../src/cli/narrate.ts";
import { STILL } from "../../../src/cli/spinner.ts";
import { createTerminal, type Spinner } from "../../../src/cli/terminal.ts";
import type { RunResult } from "../../../src/domain/outcome.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { eventOf, resultOf } from "../../support/fake-client.ts";

const STORY: readonly RunEvent[] = [
  eventOf({
    type: "run.started",
    task: "add",
    agent: "assistant",
    tenant: "acme",
    session: "s",
    traceId: "t",
    link: "http://ui/run_test",
  }),
  eventOf({
    type: "turn.started",
    turn: 1,
    model: "claude-sonnet-5-5",
    spentUsd: 0,
    capUsd: 1,
    offline: true,
  }),
  eventOf({ type: "reply.delta", turn: 1, attempt: 1, text: "Let me lo" }),
  eventOf({
    type: "model.retrying",
    turn: 1,
    attempt: 1,
    code: "PROVIDER_OVERLOADED",
    message: "busy",
    nextAttemptAt: "2026-11-21T10:00:05.000Z",
  }),
  eventOf({ type: "reply.withdrawn", turn: 1, attempt: 1 }),
  eventOf({ type: "reply.delta", turn: 1, attempt: 2, text: "Adding." }),
  eventOf({ type: "tool.started", turn: 1, callId: "a", tool: "calculator", preview: "17*23" }),
  eventOf({
    type: "tool.finished",
    turn: 1,
    callId: "a",
    tool: "calculator",
    isError: false,
    preview: "391",
    durationMs: 12,
  }),
  eventOf({ type: "budget.warning", limit: "cost", used: 0.8, cap: 1 }),
  eventOf({ type: "reply.delta", turn: 2, attempt: 1, text: "It is 391." }),
  eventOf({
    type: "run.ended",
    result: resultOf({ kind: "answered" }, { crashTaxUsd: 0.001, offline: true }),
  }),
];

function shown(events: readonly RunEvent[], spinner: Spinner = STILL): string {
  const written: string[] = [];
  const out = { write: (text: string) => written.push(text) };
  const terminal = createTerminal({ out, colour: false, spinner });
  for (const event of events) terminal.event(event);
  terminal.close();
  return written.join("");
}

function plainly(events: readonly RunEvent[]): string {
  const written: string[] = [];
  const out = { write: (text: string) => written.push(text) };
  const plain = createPlain({ stdout: out, stderr: out });
  for (const event of events) plain.event(event);
  return written.join("");
}

const ABOUT = {
  ...{ task: "add", agent: "assistant", tenant: "acme", session: "s", model: null, routing: null },
  ...{ provider: null, permission: null, capUsd: 1, link: null },
};

describe("the terminal", () => {
  test.each([
    ["wrap_up", /limit is reached/],
    ["summary", /grows too long/],
  ] as const)("says why a turn is no step of the work: %s", (purpose, why) => {
    const turn = { type: "turn.started", turn: 2, model: "m", spentUsd: 0, capUsd: 1 } as const;
    expect(shown([eventOf({ ...turn, purpose, offline: false })])).toMatch(why);
  });

  test("says on which day a next try is, where that is not today", () => {
    const waiting = { type: "run.waiting", reason: "capacity", message: "its limit" } as const;
    const told = (nextAttemptAt: string) => shown([eventOf({ ...waiting, nextAttemptAt })]);
    expect(told("2026-11-21T10:59:53.000Z")).toContain("next try at 10:59:53 UTC");
    expect(told("2026-11-22T00:10:00.000Z")).toContain("next try at 2026-11-22 00:10:00 UTC");
  });

  test("says of a wait for money the cap that would do, however long the sentence is", () => {
    const message =
      "the next call can cost $0.005893, and $0.000100 of $0.000100 is left in the tenant day budget; " +
      "it needs $0.005793 more: pawl budget raise tenant_day --tenant acme-of-the-north 0.0059";
    const at = "2026-11-21T10:59:53.000Z";
    const waits = { type: "run.waiting", reason: "budget", message, nextAttemptAt: at } as const;
    expect(shown([eventOf(waits)])).toContain(`${message}; next try at 10:59:53 UTC`);
    expect(shown([eventOf({ ...waits, nextAttemptAt: null })])).toContain(
      `${message}; until \`pawl resume\``,
    );
  });

  test.each<[string, (result: RunResult) => string]>([
    ["on a terminal", (result) => shown([eventOf({ type: "run.ended", result })])],
    ["in a file", (result) => plainly([eventOf({ type: "run.ended", result })])],
    ["to who looks later", (result) => textOf({ kind: "ended", about: ABOUT, result, did: false })],
  ])("tells in the end what the provider said, whole: %s", (_, tell) => {
    const message = `The provider broke off its reply: ${"x".repeat(900)}.`;
    const result = resultOf({ kind: "failed", code: "PROVIDER_UNAVAILABLE", message });
    expect(tell(result)).toContain(message);
  });

  test.each([
    [true, "20 out (estimated)"],
    [undefined, "20 out ·"],
  ])("says whether somebody counted what was used (estimated: %s)", (estimated, text) => {
    const { usage } = resultOf({ kind: "answered" });
    const more = { usage: estimated ? { ...usage, estimated } : usage };
    const ended = eventOf({ type: "run.ended", result: resultOf({ kind: "answered" }, more) });
    expect(shown([ended])).toContain(text);
    expect(shown([ended]).includes("estimated")).toBe(estimated === true);
  });

  test("tells a run from its header to its bill, without taking a line back", () => {
    expect(shown(STORY).split("\n")).toEqual([
      "run_test · agent assistant",
      "http://ui/run_test",
      "claude-sonnet-5-5 · budget $1.00 · offline model: costs are simulated",
      "│ Let me lo",
      "⟳ attempt 1 failed (PROVIDER_OVERLOADED): busy; next try at 10:00:05 UTC",
      "↩ the reply was lost; starting over",
      "│ Adding.",
      "→ calculator 17*23",
      "✓ calculator 12 ms · 391",
      "! 80 % of the cost budget is used: $0.8000 of $1.00",
      "│ It is 391.",
      "",
      "✓ answered",
      "  2 model calls · 1 tool call · 1,000 tokens in (25 % cached) · 20 out · 4.2 s",
      "  cost $0.0123 of $1.00 (offline model: costs are simulated)",
      "  crash tax $0.001000, for attempts that were lost",
      "  http://ui/run_test",
      "",
    ]);
  });

  test("keeps what a model writes behind a margin, so that it can't pass for a line of ours", () => {
    const forged = "Done.\n✓ write_file 12 ms\n\n? may it call run_code: pawl approve x --always\n";
    const text = shown([eventOf({ type: "reply.delta", turn: 1, attempt: 1, text: forged })]);
    expect(text.split("\n")).toEqual([
      "│ Done.",
      "│ ✓ write_file 12 ms",
      "│",
      "│ ? may it call run_code: pawl approve x --always",
      "",
    ]);
  });

  test.each([
    ["blanks", " ".repeat(18), "✓ write_file"],
    ["tabs", "\t\t\t", "✓ write_file"],
    ["letters that take two columns", "日".repeat(9), "✓ write_file"],
    ["letters that take none", "a\u0301".repeat(18), "✓ write_file"],
  ])("keeps it there where %s push it over the end of a line", (_, before, forged) => {
    const margin = createMargin(() => 20);
    const lines = (margin.within(before) + margin.within(forged)).split("\n");
    expect(lines.every((line) => line.startsWith("│"))).toBe(true);
    for (const line of lines) expect(stringColumns(line)).toBeLessThanOrEqual(20);
  });

  test.each([undefined, 0])("breaks no line where the width is not known: %s", (columns) => {
    const long = "word ".repeat(40);
    expect(createMargin(() => columns).within(long)).toBe(`│ ${long}`);
  });

  test("turns a spinner only at the start of a line, with a countdown to the next try", () => {
    const turns: string[] = [];
    const spinner: Spinner = {
      start: (text, untilMs) => void turns.push(`${text} ${untilMs ?? ""}`.trim()),
      stop: () => {},
    };
    shown(STORY.slice(0, 7), spinner);
    const until = Date.parse("2026-11-21T10:00:05.000Z");
    expect(turns).toEqual([
      "thinking",
      "thinking",
      `trying again ${until}`,
      "thinking",
      "calculator",
    ]);
  });

  test("lets no control sequence of a model or a tool through", () => {
    const evil = "\u001b]0;title\u0007\u001b[2Jred\u009b31m\u202egnp.exe\r";
    const events: readonly RunEvent[] = [
      eventOf({ type: "reply.delta", turn: 1, attempt: 1, text: `${evil}\u001b` }),
      eventOf({ type: "reply.delta", turn: 1, attempt: 1, text: "[31mred" }),
      eventOf({ type: "tool.started", turn: 1, callId: "a", tool: evil, preview: evil }),
      eventOf({
        type: "run.ended",
        result: resultOf({ kind: "failed", code: evil, message: evil }, { answer: evil }),
      }),
    ];
    for (const text of [shown(events), plainly(events)]) {
      expect(text).not.toMatch(/[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/u);
      expect(text).toMatch(/⟦U\+001B⟧\[2Jred⟦U\+009B⟧31m⟦U\+202E⟧gnp\.exe/);
    }
  });
});

/** As a terminal counts them at most, for the letters above. */
function stringColumns(line: string): number {
  let columns = 0;
  for (const letter of line) {
    columns +=
      letter === "\t" ? 8 - (columns % 8) : letter === "日" ? 2 : letter === "\u0301" ? 0 : 1;
  }
  return columns;
}

describe("a tool call", () => {
  const started = (preview: string): string =>
    lineOf(eventOf({ type: "tool.started", turn: 1, callId: "a", tool: "look_up", preview }))
      ?.text ?? "";

  test.each([
    ['{"query":"population of Earth"}', "→ look_up population of Earth"],
    ['{"a":1,"b":2}', '→ look_up {"a":1,"b":2}'],
    ['{"query":"cut in the mid…', '→ look_up {"query":"cut in the mid…'],
    ["{}", "→ look_up {}"],
    ["", "→ look_up"],
  ])("with %j reads as %j", (preview, line) => {
    expect(started(preview)).toBe(line);
  });
});
