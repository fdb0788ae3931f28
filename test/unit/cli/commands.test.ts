import { describe, expect, test } from "@jest/globals";
import { PawlError, type ErrorCode } from "../../../src/domain/errors.ts";
import type { Outcome } from "../../../src/domain/outcome.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { linesOf, pawl } from "../../support/cli.ts";
import {
  createFakeClient,
  eventOf,
  resultOf,
  RUN_ID,
  type FakeClient,
} from "../../support/fake-client.ts";

const STARTED = eventOf({
  type: "run.started",
  task: "add",
  agent: "assistant",
  tenant: "acme",
  session: "s",
  traceId: "t",
  link: "http://ui/run_test",
});
const ended = (outcome: Outcome): RunEvent =>
  eventOf({ type: "run.ended", result: resultOf(outcome) }, "0.20");
const ANSWERED = [STARTED, ended({ kind: "answered" })];

describe("exit codes of run and attach", () => {
  const outcomes: readonly (readonly [number, Outcome])[] = [
    [0, { kind: "answered" }],
    [1, { kind: "failed", code: "PROVIDER_AUTH", message: "" }],
    [3, { kind: "stopped", limit: "cost", message: "" }],
    [4, { kind: "refused", message: "" }],
    [5, { kind: "cancelled", message: "" }],
  ];
  test.each(outcomes)("are %i for %j", async (exitCode, outcome) => {
    const events = [STARTED, ended(outcome)];
    expect((await pawl(createFakeClient({ events }), ["run", "add"])).exitCode).toBe(exitCode);
    expect((await pawl(createFakeClient({ events }), ["attach", RUN_ID])).exitCode).toBe(exitCode);
  });

  const errors: readonly (readonly [number, ErrorCode])[] = [
    [2, "IDEMPOTENCY_MISMATCH"],
    [2, "TASK_TOO_LARGE"],
    [2, "RUN_NOT_FOUND"],
    [2, "CONFIG"],
    [2, "INVALID_INPUT"],
    [3, "NOTHING_CHANGED"],
    [6, "BACKEND_UNREACHABLE"],
  ];
  test.each(errors)("are %i for the error %s, which is one JSON line", async (exitCode, code) => {
    const client = createFakeClient({ failsWith: new PawlError(code, "what happened") });
    const run = await pawl(client, ["run", "add", "--json"]);
    expect(run.exitCode).toBe(exitCode);
    expect(linesOf(run.stdout)).toEqual([{ type: "error", code, message: "what happened" }]);
    expect(run.stderr).toMatch(/^what happened\. [A-Z`]/);
    expect(client.isClosed).toBe(true);
  });
});

describe("undo", () => {
  const failed = { undo: "failed", message: "locked" } as const;
  const done = { undo: "undone", message: null } as const;

  function undoing(ends: readonly (typeof failed | typeof done)[]): FakeClient {
    const known = ends.map((end, at) => ({
      turn: at + 1,
      callId: `${at + 1}.1`,
      tool: "book",
      ...end,
    }));
    return {
      ...createFakeClient(),
      undo: async () => [],
      async *watchUndo() {
        const place = { id: "0.1", runId: RUN_ID, ts: "2026-11-21T10:00:00Z" };
        for (const told of known.toReversed())
          yield { type: "tool.compensated", ...place, ...told };
        return known.map(({ callId, tool, undo, message }) => {
          return { callId, tool, undo, ...(message !== null && { message }) };
        });
      },
    };
  }

  test("says of each what became of it, the last first, and ends with 0 where nothing stands", async () => {
    const { exitCode, stdout } = await pawl(undoing([done, done]), ["undo", RUN_ID]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      "↶ book of turn 2 was undone\n↶ book of turn 1 was undone\n2 effects of tools undone\n",
    );
  });

  test("ends with 1 where something stands, and says why", async () => {
    const { exitCode, stdout } = await pawl(undoing([failed, done]), ["undo", RUN_ID]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ book of turn 1 could not be undone: locked\n");
    expect(stdout).toContain("book (call 1.1) stands: it could not be undone: locked\n");
  });

  test("says the same to programs, an event a line and all of it last", async () => {
    const { stdout } = await pawl(undoing([failed, done]), ["undo", RUN_ID, "--json"]);
    expect(linesOf(stdout)).toMatchObject([
      { type: "tool.compensated", callId: "2.1", undo: "undone" },
      { type: "tool.compensated", callId: "1.1", undo: "failed", message: "locked" },
      { type: "undone", runId: RUN_ID, compensations: [{ undo: "failed" }, { undo: "undone" }] },
    ]);
  });
});

describe("resume and cancel", () => {
  test("say how much was added, and what the operator kept back", async () => {
    const resumed = { addedUsd: 0.2, capUsd: 1, isClamped: true };
    const asked: unknown[] = [];
    const client: FakeClient = {
      ...createFakeClient(),
      resume: async (...order) => {
        asked.push(...order);
        return resumed;
      },
    };
    const { exitCode, stderr } = await pawl(client, ["resume", RUN_ID, "--add", "0.50"]);
    expect(exitCode).toBe(0);
    expect(asked).toEqual([RUN_ID, { addMicroUsd: 500_000, by: expect.any(String) }]);
    expect(stderr).toMatch(/^Added \$0\.2000: it may cost \$1\.00; its operator allows no more/);
  });

  test.each(["0", "-1", "1e3", "much", ""])("add no %j", async (amount) => {
    const { exitCode } = await pawl(createFakeClient(), ["resume", RUN_ID, "--add", amount]);
    expect(exitCode).toBe(2);
  });

  test("say that nobody hears a run whose queue no worker serves, and how to end it", async () => {
    const client: FakeClient = {
      ...createFakeClient(),
      cancel: async () => ({ unservedQueue: "mine" }),
    };
    const { exitCode, stderr } = await pawl(client, ["cancel", RUN_ID]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`No worker serves its queue mine`);
    expect(stderr).toContain(`pawl cancel ${RUN_ID} --force`);
  });

  test("end such a run, and no batch", async () => {
    const terminated: string[] = [];
    const client: FakeClient = {
      ...createFakeClient(),
      terminate: async (runId) => void terminated.push(runId),
    };
    expect((await pawl(client, ["cancel", RUN_ID, "--force"])).exitCode).toBe(0);
    expect((await pawl(client, ["cancel", "batch_1", "--force"])).exitCode).toBe(2);
    expect(terminated).toEqual([RUN_ID]);
  });
});

describe("arguments", () => {
  const wrong: readonly (readonly string[])[] = [
    ["run"],
    ["run", "add", "--tier", "huge"],
    ["run", "add", "--max-cost", "-1"],
    ["run", "add", "--max-cost", "1e3"],
    ["run", "add", "--max-calls", "0"],
    ["run", "add", "--max-tokens", "many"],
    ["run", "add", "--timeout", "soon"],
    ["run", "add", "--can-wait-for", "long"],
    ["run", "add", "--on-limit", "wait"],
    ["run", "add", "--unknown"],
    ["run", "add", "more"],
    ["fly"],
  ];
  test.each(wrong.map((args) => [args]))("%j are refused with exit 2", async (args) => {
    const client = createFakeClient();
    const run = await pawl(client, args);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr).not.toBe("");
    expect(client.orders).toEqual([]);
  });

  test("a wrong argument with --json is one error line", async () => {
    const run = await pawl(createFakeClient(), ["run", "add", "--max-cost", "x", "--json"]);
    expect(linesOf(run.stdout)).toMatchObject([{ type: "error", code: "USAGE" }]);
  });

  test("a wrong environment is exit 2 with the code CONFIG", async () => {
    const env = { PAWL_RUN_CAP_USD: "much" };
    const run = await pawl(createFakeClient(), ["run", "add", "--json"], env);
    expect(run.exitCode).toBe(2);
    expect(linesOf(run.stdout)).toMatchObject([{ type: "error", code: "CONFIG" }]);
  });

  test("every flag of run reaches the order", async () => {
    const client = createFakeClient({ events: ANSWERED });
    const flags =
      "--agent a --tier simple --model m --max-cost 0.5 --max-tokens 900 --max-reply-tokens 80 " +
      "--max-calls 7 --timeout 2m --on-limit pause --tenant acme --session s1 --key k";
    await pawl(client, ["run", "add", ...flags.split(" ")]);
    expect(client.orders).toEqual([
      {
        task: "add",
        agent: "a",
        tier: "simple",
        model: "m",
        limits: {
          costMicroUsd: 500_000,
          tokens: 900,
          replyTokens: 80,
          modelCalls: 7,
          wallClockMs: 120_000,
        },
        onLimit: "pause",
        tenant: "acme",
        session: "s1",
        key: "k",
      },
    ]);
  });

  test.each([
    ["--can-wait", null],
    ["--can-wait-for 2h", 7_200_000],
    ["--can-wait --can-wait-for 90s", 90_000],
  ])("%s says how long the run can wait", async (flags, forMs) => {
    const client = createFakeClient({ events: ANSWERED });
    await pawl(client, ["run", "add", ...flags.split(" ")]);
    expect(client.orders).toMatchObject([{ canWait: { forMs } }]);
  });

  test("tenant and session come from the environment where no flag names them", async () => {
    const client = createFakeClient({ events: ANSWERED });
    await pawl(client, ["run", "add"], { PAWL_TENANT: "t", PAWL_SESSION: "s" });
    expect(client.orders).toMatchObject([
      { tenant: "t", session: "s", limits: {}, onLimit: "stop" },
    ]);
  });
});

describe("output", () => {
  test("in a pipe stdout is the answer and nothing else", async () => {
    const run = await pawl(createFakeClient({ events: ANSWERED }), ["run", "add"]);
    expect(run.stdout).toBe("42\n");
    expect(run.stderr).toContain("2 model calls · 1 tool call");
  });

  test("--json is one event per line, and the result line last", async () => {
    const run = await pawl(createFakeClient({ events: ANSWERED }), ["run", "add", "--json"]);
    const lines = linesOf(run.stdout);
    expect(lines.slice(0, -1)).toEqual(ANSWERED);
    expect(lines.at(-1)).toEqual(resultOf({ kind: "answered" }));
  });

  test("--detach prints the id and the link", async () => {
    const run = await pawl(createFakeClient({ events: ANSWERED }), ["run", "add", "--detach"]);
    expect(run.stdout).toBe("run_test\nhttp://ui/run_test\n");
    expect(run.exitCode).toBe(0);
  });

  test("--detach --json prints run.started alone", async () => {
    const client = createFakeClient({ events: ANSWERED });
    const run = await pawl(client, ["run", "add", "--detach", "--json"]);
    expect(linesOf(run.stdout)).toEqual([STARTED]);
  });

  test("help lists every command and exits with 0", async () => {
    const run = await pawl(createFakeClient(), ["--help"]);
    expect(run.exitCode).toBe(0);
    for (const name of "run attach show ls cancel pause resume export replay worker dev stop doctor".split(
      " ",
    )) {
      expect(run.stdout).toContain(`\n  ${name} `);
    }
  });
});

describe("pawl migrate", () => {
  test("needs to be told of a database, and starts none of its own", async () => {
    const run = await pawl(createFakeClient(), ["migrate"]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toMatch(/^DATABASE_URL is not set\./);
  });

  test("says in its help who may, and where to read on", async () => {
    const { exitCode, stdout } = await pawl(createFakeClient(), ["migrate", "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/schema .* as its owner \(docs\/database\.md\)/);
  });
});
