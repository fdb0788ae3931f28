// `pawl approvals`, `approve` and `deny`: what a person is shown before they decide, and what a script must say.

import { describe, expect, test } from "@jest/globals";
import { lineOf } from "../../../src/cli/narrate.ts";
import { createTerminal, type Spinner } from "../../../src/cli/terminal.ts";
import { linesOf, pawl, type Person } from "../../support/cli.ts";
import { askedCall, createFakeClient, eventOf, RUN_ID } from "../../support/fake-client.ts";

const HIDDEN = "echo\u009brm;-rf\u009c \u202ex\u202c\u{e0065}";
const DEPLOY = `#!/bin/sh\n${"echo step\n".repeat(59)}rm -rf /srv/app\n`;
const NOTE = askedCall("1.1", { path: "notes.txt", content: "hello" });
const SCRIPT = askedCall("1.2", { path: "deploy.sh", content: DEPLOY });

/** Answers one question after another, and keeps them. */
function person(...answers: readonly string[]): Person & { readonly questions: string[] } {
  const questions: string[] = [];
  const left = [...answers];
  return {
    questions,
    async ask(question) {
      questions.push(question);
      return left.shift() ?? "";
    },
  };
}

const approve = async (asks: readonly (typeof NOTE)[], args: readonly string[], by?: Person) => {
  const client = createFakeClient({ asks });
  const ran = await pawl(client, ["approve", RUN_ID, ...args], {}, by);
  return { ...ran, decisions: client.decisions };
};

describe("a person at a terminal", () => {
  test("is shown the call whole and asked, and yes decides it for these arguments", async () => {
    const by = person("", "", "", "y");
    const { decisions, stdout, exitCode } = await approve([SCRIPT], [], by);
    expect(stdout).toContain("  + rm -rf /srv/app");
    expect(by.questions.at(-1)).toMatch(/Approve \[2\] write_file\? y\/N/);
    expect(decisions).toMatchObject([
      { callId: "1.2", verdict: "approve", argsDigest: SCRIPT.argsDigest },
    ]);
    expect(exitCode).toBe(0);
  });

  test.each([["n"], [""], ["a"], ["yes please"]])("decides nothing with %j", async (answer) => {
    const { decisions, exitCode, stderr } = await approve([NOTE], [], person(answer));
    expect(decisions).toEqual([]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("Nothing was decided");
  });

  test("who leaves before the end of the arguments has approved nothing", async () => {
    const by = person("", "q", "y");
    const { decisions, exitCode } = await approve([SCRIPT], [], by);
    expect(by.questions.at(-1)).toMatch(/\d+ more lines/);
    expect(decisions).toEqual([]);
    expect(exitCode).toBe(3);
  });

  test("is told which calls wait where there are several, and decides none", async () => {
    const { decisions, exitCode, stderr } = await approve([NOTE, SCRIPT], [], person("y"));
    expect(stderr).toMatch(/2 calls wait.*1\.1 write_file, 1\.2 write_file: say which/);
    expect(exitCode).toBe(2);
    expect(decisions).toEqual([]);
  });

  test("sees every character of what is executed, spelled out where it hides", async () => {
    const call = askedCall("1.1", { command: HIDDEN }, { tool: "shell" });
    const { stdout } = await approve([call], [], person("n"));
    expect(stdout).toContain("echo⟦U+009B⟧rm;-rf⟦U+009C⟧ ⟦U+202E⟧x⟦U+202C⟧⟦U+E0065⟧");
  });

  test("is shown the arguments that are put in the place of the model's as well", async () => {
    const edit = JSON.stringify({ path: "b.txt", content: "x\u202e" });
    const { stdout, decisions } = await approve([NOTE], ["--input", edit], person("y"));
    expect(stdout).toMatch(/notes\.txt[^]*your arguments:\n {4}path = "b\.txt"[^]*⟦U\+202E⟧/);
    expect(decisions).toMatchObject([{ editedInput: { path: "b.txt" } }]);
  });

  test("may deny at once", async () => {
    const client = createFakeClient({ asks: [NOTE] });
    const denied = await pawl(client, ["deny", RUN_ID, "--reason", "no"], {}, person());
    expect(denied).toMatchObject({ exitCode: 0, stdout: "denied\n" });
    expect(client.decisions).toMatchObject([{ verdict: "deny", reason: "no", callId: "1.1" }]);
  });
});

describe("a script", () => {
  const digest = ["--digest", NOTE.argsDigest];

  test("names the call and the digest of the arguments that it has read", async () => {
    const { decisions, exitCode } = await approve([NOTE], ["1.1", ...digest]);
    expect(exitCode).toBe(0);
    expect(decisions).toMatchObject([{ callId: "1.1", argsDigest: NOTE.argsDigest }]);
  });

  test.each([
    ["no call and no digest", [], 2, /pawl approve run_test CALL --digest/],
    ["no digest", ["1.1"], 2, /--digest/],
    ["no call", digest, 2, /names the call/],
    ["the digest of others", ["1.1", "--digest", "0".repeat(64)], 2, /other arguments/],
    [
      "the beginning of a digest",
      ["1.1", "--digest", NOTE.argsDigest.slice(0, 12)],
      2,
      /64 digits/,
    ],
    ["a call that does not wait", ["7.1", ...digest], 2, /No call 7\.1 waits/],
  ])("that names %s decides nothing", async (_, args, code, why) => {
    const { decisions, exitCode, stderr } = await approve([NOTE], args);
    expect(stderr).toMatch(why);
    expect(exitCode).toBe(code);
    expect(decisions).toEqual([]);
  });

  test("may not approve with --json at a terminal what nobody was asked about", async () => {
    const by = person("y");
    const { decisions, exitCode } = await approve([NOTE], ["--json"], by);
    expect({ decisions, exitCode, asked: by.questions }).toEqual({
      decisions: [],
      exitCode: 2,
      asked: [],
    });
  });

  test("denies by the call alone, and not without it", async () => {
    const client = createFakeClient({ asks: [NOTE] });
    expect((await pawl(client, ["deny", RUN_ID])).exitCode).toBe(2);
    expect((await pawl(client, ["deny", RUN_ID, "1.1"])).exitCode).toBe(0);
    expect(client.decisions).toHaveLength(1);
  });
});

describe("pawl approvals", () => {
  const list = async (...args: readonly string[]) =>
    await pawl(createFakeClient({ asks: [NOTE, SCRIPT] }), ["approvals", ...args]);

  test("lists by number and call, of all runs or of one, and says how to see more", async () => {
    for (const args of [[], [RUN_ID]]) {
      const { stdout } = await list(...args);
      expect(stdout).toMatch(/^\[1\] write_file [^]*^\[2\] write_file /m);
      expect(stdout).toContain(`pawl approvals ${RUN_ID} 1.2`);
    }
    const { stdout } = await list(RUN_ID, "--json");
    expect(linesOf(stdout)).toMatchObject([{ callId: "1.1", runId: RUN_ID }, { callId: "1.2" }]);
  });

  test("shows one whole, with the command that decides on exactly this", async () => {
    const { stdout } = await list(RUN_ID, "1.2");
    expect(stdout).toContain("  + rm -rf /srv/app");
    expect(stdout).toContain(`pawl approve ${RUN_ID} 1.2 --digest ${SCRIPT.argsDigest}`);
    const json = await list(RUN_ID, "1.2", "--json");
    expect(linesOf(json.stdout)).toEqual([SCRIPT]);
  });

  test("are told by `pawl show` as well", async () => {
    const { stdout } = await pawl(createFakeClient({ asks: [SCRIPT] }), ["show", RUN_ID]);
    expect(stdout).toMatch(/waits: \[2\] write_file .*pawl approvals run_test 1\.2/);
  });
});

describe("a question while a run is watched", () => {
  const requested = (call: typeof NOTE) => {
    const { callId, tool, turn, input, argsDigest, reason, deadlineAt } = call;
    const asked = { callId, tool, turn, input, argsDigest, reason, deadlineAt };
    return eventOf({ type: "approval.requested", ...asked });
  };
  const textOf = (call: typeof NOTE) => lineOf(requested(call))?.text ?? "";

  test("shows all of the arguments as the text that they are", () => {
    expect(textOf(SCRIPT).split("\n").slice(0, 4)).toEqual([
      "? [2] may it call write_file? it writes",
      '    path = "deploy.sh"',
      "    content: text, 62 lines",
      "      + #!/bin/sh",
    ]);
    expect(textOf(SCRIPT)).toContain("      + rm -rf /srv/app\n");
  });

  test("no line of the arguments can be taken for one of ours", () => {
    const imitation = "x\n? [1] may it call read_file? it reads\n✓ write_file 12 ms · done";
    const ours = textOf(askedCall("1.1", { text: imitation }))
      .split("\n")
      .filter((line) => !line.startsWith("    "));
    expect(ours).toEqual([
      "? [1] may it call write_file? it writes",
      expect.stringMatching(/^ {2}pawl approve run_test 1\.1/),
    ]);
  });

  test("of more than can be read in passing says how much is not shown", () => {
    const text = textOf(askedCall("1.1", { content: "line\n".repeat(1000) }));
    expect(text).toMatch(/… 80\d more lines: pawl approve run_test 1\.1 shows them/);
    expect(text.split("\n").length).toBeLessThan(210);
  });

  test("whose arguments are not those that the run names says so", () => {
    expect(textOf({ ...NOTE, input: { path: "evil.txt" } })).toMatch(/can only be denied/);
  });

  const asAsked = { edited: false, always: false };
  test.each([
    [{ verdict: "approved", by: "me", reason: null, ...asAsked }, "was approved by me"],
    [
      { verdict: "approved", by: "me", reason: "fine", edited: true, always: true },
      "was approved by me, with other arguments, always in this run: fine",
    ],
    [{ verdict: "denied", by: "me", reason: "no", ...asAsked }, "was denied by me: no"],
    [{ verdict: "expired", by: null, reason: null, ...asAsked }, "was expired"],
  ] as const)("is answered with the call that was decided: %j", (decided, text) => {
    const { callId, tool, turn } = SCRIPT;
    const line = lineOf(eventOf({ type: "approval.decided", callId, tool, turn, ...decided }));
    expect(line?.text).toBe(`[2] write_file ${text}`);
  });

  test("leaves the spinner waiting while another call waits", () => {
    const turns: string[] = [];
    const spinner: Spinner = { start: (text) => void turns.push(text), stop: () => {} };
    const terminal = createTerminal({ out: { write: () => true }, colour: false, spinner });
    terminal.event(requested(NOTE));
    terminal.event(requested(SCRIPT));
    const { callId, tool, turn } = SCRIPT;
    const decided = { callId, tool, turn, verdict: "denied", by: "me", reason: null } as const;
    const how = { edited: false, always: false };
    terminal.event(eventOf({ type: "approval.decided", ...decided, ...how }));
    expect(turns.at(-1)).toBe("waiting for a person's word");
    terminal.event(eventOf({ type: "approval.decided", ...decided, ...how, callId: "1.1" }));
    expect(turns.at(-1)).toBe("thinking");
  });
});
