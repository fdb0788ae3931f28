// Whoever may use Temporal chooses the ids of the runs that they start there, and what such a run says of itself.
// Wherever a command names one, it names it in letters that do nothing.

import { describe, expect, test } from "@jest/globals";
import { tableOf } from "../../../src/cli/ls.ts";
import { lineOf } from "../../../src/cli/narrate.ts";
import { textOf } from "../../../src/cli/show.ts";
import type { RunListed } from "../../../src/client/run-list.ts";
import { pawl, type Person } from "../../support/cli.ts";
import { askedCall, askingCall, createFakeClient, eventOf } from "../../support/fake-client.ts";

const HOSTILE = [
  ["a title and a colour", "\u001b]0;pwn\u0007\u001b[31mred"],
  ["the same in one letter each", "\u009d0;pwn\u009c\u009b31mred"],
  ["a name that is read backwards", "run_\u202egnp.exe"],
  ["a line of ours", "run_1\n✓ write_file 12 ms"],
  ["a line that goes over this one", "run_1\r✓ write_file 12 ms"],
  ["letters of the tag block", "run_\u{e0065}\u{e0076}"],
] as const;

/** Nothing that a terminal obeys, or that nobody sees; lines are ours. */
function expectHarmless(text: string, lines: number): void {
  expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|[\u2028\u2029]/u);
  expect(text.split("\n").filter((line) => line.startsWith("✓"))).toEqual([]);
  expect(text.split("\n")).toHaveLength(lines);
}

const listed = (id: string): RunListed => ({
  ...{ runId: id, status: "ended" as const, outcome: id, task: id, agent: id, tenant: id },
  ...{ session: id, costUsd: 0, turns: 1, startedAt: "2026-11-26T12:00:00Z", endedAt: null },
});
const now = Date.parse("2026-11-26T12:01:00Z");

const person = (...answers: string[]): Person => ({ ask: async () => answers.shift() ?? "" });

describe.each(HOSTILE)("%s", (_, id) => {
  test("is spelled out by pawl ls", () => {
    expectHarmless(tableOf([listed(id)], now).join("\n"), 2);
  });

  test("is spelled out by what lists and shows the calls that wait", async () => {
    const ask = askedCall(id, { path: "a.txt" }, { runId: id, tool: id, tenant: id, task: id });
    const client = createFakeClient({ asks: [ask] });
    expectHarmless((await pawl(client, ["approvals"])).stdout, 5);
    expectHarmless((await pawl(client, ["approvals", id, id])).stdout, 8);
    const asked = await pawl(client, ["approve", id, id], {}, person("n"));
    expectHarmless(asked.stdout, 5);
  });

  test("is spelled out by pawl show", async () => {
    const ask = askedCall(id, {}, { tool: id });
    const asking = askingCall(id, [], { tool: id });
    const shown = await createFakeClient({ asks: [ask], questions: [asking] }).show(id);
    if (shown.kind !== "open") throw new Error("it waits");
    const { soFar, about } = shown;
    const named = { ...about, agent: id, task: id, tenant: id, session: id };
    const text = textOf({ ...shown, about: named, soFar: { ...soFar, runId: id, answer: null } });
    expect(text.match(/^waits: /gm)).toHaveLength(2);
    expectHarmless(text, 7);
  });

  test("is spelled out by what lists and shows the tools that ask", async () => {
    const question = { id: "q", text: id, schema: null };
    const asking = askingCall(id, [question], { runId: id, tool: id, tenant: id, task: id });
    const client = createFakeClient({ questions: [asking] });
    expectHarmless((await pawl(client, ["questions"])).stdout, 4);
    const shown = await pawl(client, ["questions", id, id]);
    expect(shown.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    const asked = await pawl(client, ["answer", id, id], {}, person());
    expect(asked.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });

  test("is spelled out while a run is watched", () => {
    const call = askedCall(id, { path: "a.txt" }, { tool: id, reason: id });
    const { callId, tool, turn, input, argsDigest, reason, deadlineAt } = call;
    const about = { callId, tool, turn, input, argsDigest, reason, deadlineAt };
    const event = { ...eventOf({ type: "approval.requested", ...about }), runId: id };
    expectHarmless(lineOf(event)?.text ?? "", 4);
  });

  test("is spelled out by what says that it was heard", async () => {
    const client = createFakeClient();
    for (const args of [["pause"], ["resume"], ["cancel"], ["cancel", "--force"], ["say", "hi"]]) {
      const [command = "", ...more] = args;
      const { stderr } = await pawl(client, [command, id, ...more]);
      expect(stderr).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    }
  });
});
