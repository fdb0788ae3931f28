// Whatever is typed: a sentence that says what happened and what to do next, the exit code of the contract, and no
// stack trace.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PawlError } from "../../../src/domain/errors.ts";
import type { Outcome } from "../../../src/domain/outcome.ts";
import { pawl, type CliRun } from "../../support/cli.ts";
import {
  askedCall,
  createFakeClient,
  eventOf,
  resultOf,
  RUN_ID,
} from "../../support/fake-client.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-errors-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const TRACE = /^\s+at |node:internal|file:\/\/|\.ts:\d|\.js:\d/m;

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

async function refused(args: readonly string[], why: RegExp): Promise<CliRun> {
  const client = createFakeClient();
  const run = await pawl(client, args);
  expect(run).toMatchObject({ exitCode: 2, stdout: "" });
  expect(run.stderr).toMatch(why);
  expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(run.stderr).not.toMatch(TRACE);
  expect(client.orders).toEqual([]);
  return run;
}

describe("help", () => {
  test("is what a bare `pawl` gives", async () => {
    const run = await pawl(createFakeClient(), []);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(/^Usage: pawl .*\n[^]*\n {2}run /);
  });

  test("of a command is that of the command", async () => {
    const run = await pawl(createFakeClient(), ["help", "run"]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain("Usage: pawl run ");
  });

  test.each([["keys"], ["budget"], ["tenants"], ["capacity"]])(
    "is what bare `pawl %s` gives, with exit 2",
    async (group) => {
      const run = await pawl(createFakeClient(), [group]);
      expect(run).toMatchObject({ exitCode: 2, stdout: "" });
      expect(run.stderr).toContain(`Usage: pawl ${group} `);
      // Of the library, which throws what ends the command.
      expect(run.stderr).not.toMatch(/outputHelp|commander|See `/);
    },
  );

  test.each([["help", "nope"], ["nope", "--help"], ["nope"], ["help", "rnu"]])(
    "of what there is not names it: %s %s",
    async (...args) => {
      await refused(args.filter(Boolean), /^unknown command '(nope|rnu)'.* See `pawl --help`\./);
    },
  );

  test.each(["--version", "-V"])("%s says which Pawl it is", async (flag) => {
    const run = await pawl(createFakeClient(), [flag]);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("a file that can't be used is named with the reason, and no advice that can't help", () => {
  const cases: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ["batch", () => ["batch", "/nope/t.jsonl"], /^\/nope\/t\.jsonl can't be used: it is not there/],
    ["batch of a folder", () => ["batch", dir], /can't be used: it is a folder/],
    ["budget apply", () => ["budget", "apply", "/nope.json"], /can't be used: it is not there/],
    ["export --out", () => ["export", "r", "--out", "/nope/x.json"], /x\.json can't be used/],
    ["export --out a folder", () => ["export", "r", "--out", dir], /it is a folder/],
    ["attach --out", () => ["attach", "batch_x", "--out", "/nope/x"], /\/nope\/x can't be used/],
  ];
  test.each(cases)("%s", async (_, args, why) => {
    const run = await refused(args(), why);
    expect(run.stderr).toContain("Check the path and its permissions.");
  });
});

describe("what can't be done as it was asked advises what helps, and no page of flags", () => {
  const [one, other] = [askedCall("1.1", { a: 1 }), askedCall("1.2", { a: 2 })];
  const elsewhere = { TEMPORAL_ADDRESS: "127.0.0.1:1" };
  const cases: readonly (readonly [readonly string[], NodeJS.ProcessEnv, string])[] = [
    [["dev"], elsewhere, "Leave TEMPORAL_ADDRESS out to use the local stack."],
    [["restart"], elsewhere, "Leave TEMPORAL_ADDRESS out to use the local stack."],
    [["ui"], elsewhere, "Leave TEMPORAL_ADDRESS out to use the local stack."],
    [["cancel", "batch_1", "--force"], {}, "pawl worker."],
    [["approve", RUN_ID], {}, `See both: pawl approvals ${RUN_ID} CALL.`],
    [["deny", RUN_ID], {}, `See them: pawl approvals ${RUN_ID}.`],
    [["answer", RUN_ID], {}, `See both: pawl questions ${RUN_ID} CALL.`],
    [["run", "-"], {}, "or write it where the - stands."],
    [["batch", "-"], {}, "or write it where the - stands."],
  ];
  test.each(cases)("%j", async (args, env, advice) => {
    const run = await pawl(createFakeClient({ asks: [one, other] }), args, env);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr.trimEnd().endsWith(advice)).toBe(true);
    expect(run.stderr).not.toContain("--help");
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("also where a person must say which", async () => {
    const client = createFakeClient({ asks: [one, other] });
    const run = await pawl(client, ["deny", RUN_ID], {}, { ask: async () => "y" });
    expect(run.stderr).toMatch(/say which\. See them: pawl approvals run_test\.\n$/);
    expect(client.decisions).toEqual([]);
  });
});

describe("what a file holds", () => {
  const cases: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ["no JSON", "x", /is not JSON\. It is a list such as/],
    ["no list", "{}", /holds no budgets: it must be a list/],
    ["another scope", '[{"scope":"year","usd":1}]', /entry 1: scope must be one of/],
    ["no UTF-8", Buffer.from([0x22, 0xdf, 0x22]), /is not UTF-8\. Save it as UTF-8/],
  ];
  test.each(cases)(
    "is told in words, and not in those of a schema: %s",
    async (_, content, why) => {
      const run = await refused(["budget", "apply", file("budgets.json", content)], why);
      expect(run.stderr).not.toMatch(/Invalid|expected|received|--help/);
    },
  );
});

describe("a task that is piped in", () => {
  const events = [eventOf({ type: "run.ended", result: resultOf({ kind: "answered" }) })];
  const run = (bytes: Uint8Array | undefined, client = createFakeClient({ events })) =>
    pawl(client, ["run", "-"], {}, bytes);

  test("is the task, without the newline at its end", async () => {
    const client = createFakeClient({ events });
    expect((await run(Buffer.from("What is\n2 + 3?\n"), client)).exitCode).toBe(0);
    expect(client.orders).toMatchObject([{ task: "What is\n2 + 3?" }]);
  });

  test.each([
    ["bytes that are no UTF-8", Buffer.from([0x68, 0xe9]), /not UTF-8/],
    ["half a letter", Buffer.from("é").subarray(0, 1), /not UTF-8/],
    ["nothing", Buffer.from("\n"), /The task is empty/],
    ["only what nobody sees", Buffer.from("\u200b\u2060"), /The task is empty/],
  ])("is refused where it is %s", async (_, bytes, why) => {
    const client = createFakeClient({ events });
    const refusal = await run(bytes, client);
    expect(refusal).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refusal.stderr).toMatch(why);
    expect(client.orders).toEqual([]);
  });

  test("is missed where nothing is piped in", async () => {
    expect((await run(undefined)).stderr).toMatch(/^Nothing is piped in/);
  });
});

describe("a word of a command whose letters were lost", () => {
  test.each([
    ["a task", ["run", "Stra\ufffde"]],
    ["a message", ["say", RUN_ID, "gr\ufffd\ufffde"]],
    ["the name of a file", ["batch", "m\ufffdnchen.jsonl"]],
  ])("is refused, since it would be bought without them: %s", async (_, args) => {
    const run = await refused(args, /^Word \d of the command is not UTF-8/);
    expect(run.stderr).toContain("pipe a task in");
  });

  test("may be piped in where it is meant", async () => {
    const events = [eventOf({ type: "run.ended", result: resultOf({ kind: "answered" }) })];
    const client = createFakeClient({ events });
    await pawl(client, ["run", "-"], {}, Buffer.from("What is \ufffd?"));
    expect(client.orders).toMatchObject([{ task: "What is \ufffd?" }]);
  });
});

describe("an end that a person can do something about says what", () => {
  const cases: readonly (readonly [Outcome, RegExp])[] = [
    [
      { kind: "failed", code: "PROVIDER_AUTH", message: "The provider answered 401: no." },
      /Check ANTHROPIC_API_KEY of the worker, then start the run again\./,
    ],
    [
      { kind: "stopped", limit: "provider_spend", message: "The provider answered 402: no." },
      /Raise the spend limit with the provider/,
    ],
    [{ kind: "failed", code: "MODEL_RETIRED", message: "It has ended." }, /Take another: --model/],
  ];
  test.each(cases)("%j", async (outcome, advice) => {
    const events = [eventOf({ type: "run.ended", result: resultOf(outcome) })];
    const run = await pawl(createFakeClient({ events }), ["attach", RUN_ID]);
    expect(run.stderr).toMatch(advice);
  });

  test("and another says nothing more", async () => {
    const outcome = { kind: "failed", code: "PROVIDER_UNAVAILABLE", message: "away" } as const;
    const events = [eventOf({ type: "run.ended", result: resultOf(outcome) })];
    const run = await pawl(createFakeClient({ events }), ["attach", RUN_ID]);
    expect(run.stderr).not.toMatch(/retried/i);
  });
});

describe("what nobody foresaw", () => {
  const refusal = async (failsWith: Error, ...flags: readonly string[]): Promise<CliRun> =>
    await pawl(createFakeClient({ failsWith }), ["ls", ...flags]);

  test("is a line without a trace, and asks to be reported", async () => {
    const run = await refusal(new TypeError("x is not a function\n    at y"));
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toMatch(/^Something went wrong .*: x is not a function\. .*NODE_DEBUG=pawl/);
    expect(run.stderr).not.toMatch(TRACE);
  });

  test("of the operating system is told with its file", async () => {
    const error = Object.assign(new Error("EACCES: x"), { code: "EACCES", path: "/etc/shadow" });
    const run = await refusal(error, "--json");
    expect(run.exitCode).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({ type: "error", code: "FILE_UNUSABLE" });
    expect(run.stderr).toMatch(/^\/etc\/shadow can't be used: permission denied\./);
  });

  test("of a namespace that Temporal does not have is a setting to mend", async () => {
    const error = new Error("Namespace not found: 'nope'");
    error.name = "NamespaceNotFoundError";
    const run = await refusal(error);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/namespace.*nope.*TEMPORAL_NAMESPACE/);
  });

  test("where an error knows better than the catalogue what helps, it is heard", async () => {
    const run = await refusal(new PawlError("USAGE", "No.", { next: "say yes" }));
    expect(run.stderr).toBe("No. Say yes.\n");
  });
});

describe("a key of the gateway in a command line", () => {
  test.each(["pawl_0123456789abcdef_" + "S".repeat(43), "S".repeat(43), "pawl_x", ""])(
    "is refused and no letter of it repeated: %j",
    async (key) => {
      const run = await refused(
        ["keys", "revoke", key],
        /no place in a command line.*pawl keys ls/,
      );
      expect(run.stderr).not.toContain("SSSS");
      expect(run.stderr).not.toContain("0123456789abcdef");
    },
  );
});
