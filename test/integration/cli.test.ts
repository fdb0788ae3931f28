// `pawl` as a shell sees it, against a real backend: in processes of its own where it is about those, else within
// this one. One world serves all tests here;
// each has a task of its own, by which the offline model knows what to do to it.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf, pawlIn, type CliRun } from "../support/cli.ts";
import { runPawl, startPawl } from "../support/cli-process.ts";
import { errorLine, eventLine, readRunLines, resultLine } from "../support/contract.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let dir: string;

beforeAll(async () => {
  world = await openWorld();
  dir = await mkdtemp(join(tmpdir(), "pawl-cli-"));
  await world.startWorker();
});
afterEach(async () => await world.model.reset());
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
});

const pawl = (...args: readonly string[]): Promise<CliRun> => pawlIn(world, args);
const pawlProcess = (...args: readonly string[]): Promise<CliRun> => runPawl(args, world.env);

function runIdOf(run: CliRun): string {
  const runId = /run_[\w-]+/.exec(run.stderr + run.stdout)?.[0];
  if (runId === undefined) throw new Error(`no run id in: ${run.stderr}`);
  return runId;
}

describe("exit codes of run, and the same of attach and show", () => {
  const ends: readonly {
    readonly exitCode: number;
    readonly outcome: object;
    readonly flags?: readonly string[];
    readonly faults?: readonly object[];
  }[] = [
    { exitCode: 0, outcome: { kind: "answered" } },
    { exitCode: 1, outcome: { kind: "failed", code: "PROVIDER_AUTH" }, faults: [{ kind: "auth" }] },
    { exitCode: 3, outcome: { kind: "stopped", limit: "cost" }, flags: ["--max-cost", "0.0001"] },
    {
      exitCode: 3,
      outcome: { kind: "stopped", limit: "model_calls" },
      flags: ["--max-calls", "1"],
    },
    {
      exitCode: 3,
      outcome: { kind: "stopped", limit: "provider_spend" },
      faults: [{ kind: "spend_limit" }],
    },
    { exitCode: 4, outcome: { kind: "refused" }, faults: [{ kind: "refusal" }] },
  ];
  test.each(ends)(
    "$exitCode for $outcome",
    async ({ exitCode, outcome, flags = [], faults = [] }) => {
      await world.model.faults(faults);
      const run = await pawlProcess("run", "What is 17 * 23?", "--json", ...flags);
      const { result } = readRunLines(run.stdout);
      expect(result.outcome).toMatchObject(outcome);
      expect(run.exitCode).toBe(exitCode);

      const again = await pawl("attach", result.runId, "--json");
      expect(again.exitCode).toBe(exitCode);
      expect(readRunLines(again.stdout).result).toEqual(result);

      const shown = await pawl("show", result.runId, "--json");
      expect(shown.exitCode).toBe(0);
      expect(resultLine.parse(JSON.parse(shown.stdout))).toEqual(result);
    },
  );

  test("5 for a run that was cancelled", async () => {
    await world.model.script([{ hold: true, reply: { text: "never heard" } }]);
    const watching = startPawl(["run", "Wait for me."], world.env);
    await watching.said("run_");
    const runId = runIdOf({ exitCode: 0, stdout: "", stderr: watching.stderr() });
    const asked = await pawl("cancel", runId);
    expect(asked).toMatchObject({ exitCode: 0, stdout: "" });
    const run = await watching.ended;
    expect(run.exitCode).toBe(5);
    expect(run.stderr).toContain("cancelled");
    expect((await pawlProcess("attach", runId)).exitCode).toBe(5);

    const late = await pawl("cancel", runId);
    expect(late.exitCode).toBe(2);
    expect(late.stderr).toMatch(/has already ended\. See what it came to/);
  });

  test("2 for what there is not, with one error line", async () => {
    for (const args of [
      ["attach", "run_none", "--json"],
      ["show", "run_none", "--json"],
    ]) {
      const run = await pawlProcess(...args);
      expect(run.exitCode).toBe(2);
      expect(errorLine.parse(JSON.parse(run.stdout)).code).toBe("RUN_NOT_FOUND");
    }
    for (const command of ["cancel", "pause", "resume", "export"]) {
      const run = await pawl(command, "run_none");
      expect(run).toMatchObject({ exitCode: 2, stdout: "" });
      expect(run.stderr).toContain("There is no run run_none");
      // As a shell gives it for a variable that was never set.
      expect(await pawl(command, "")).toMatchObject({ exitCode: 2, stdout: "" });
    }
  });

  test("2 for a model that has no price, before there is a run", async () => {
    const model = await pawl("run", "hi", "--json", "--model", "gpt-9");
    expect(model.exitCode).toBe(2);
    expect(errorLine.parse(JSON.parse(model.stdout)).code).toBe("UNKNOWN_MODEL");
    expect(model.stderr).toContain("claude-sonnet-5-5");
  });

  test("1 for an agent that nobody knows, before anything is spent", async () => {
    const agent = await pawl("run", "hi", "--json", "--agent", "nobody");
    expect(readRunLines(agent.stdout).result.outcome).toMatchObject({ code: "UNKNOWN_AGENT" });
  });
});

describe("--json", () => {
  test("prints the events in order, then the result, and nothing else; the figures add up", async () => {
    await world.model.faults([{ kind: "overloaded" }]);
    const run = await pawl("run", "What is 17 * 23?", "--json");
    const { events, result } = readRunLines(run.stdout);
    expect(events.map(({ type }) => type).filter((type) => type !== "reply.delta")).toEqual([
      ...["run.started", "turn.started", "model.retrying", "reply.finished"],
      ...["tool.started", "tool.finished", "turn.started", "reply.finished", "run.ended"],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const text = events.flatMap((event) => (event.type === "reply.delta" ? [event.text] : []));
    expect(text.join("")).toBe(result.answer);
    expect(result).toMatchObject({
      answer: expect.stringContaining("391"),
      partial: false,
      modelCalls: 2,
      toolCalls: 1,
      turns: 2,
      crashTaxUsd: 0,
      models: { "claude-sonnet-5-5": 2 },
    });
    expect(result.usage.totalTokens).toBe(result.usage.inputTokens + result.usage.outputTokens);
    const billed = await world.model.billedMicroUsd(result.runId);
    expect(Math.round(result.costUsd * 1_000_000)).toBe(billed);
  });

  test("attach goes on behind an event that was seen", async () => {
    const { events, result } = readRunLines((await pawl("run", "What is 6 * 7?", "--json")).stdout);
    const seen = events.findIndex(({ type }) => type === "tool.started");
    const after = events[seen]?.id ?? "";
    const rest = readRunLines(
      (await pawl("attach", result.runId, "--json", "--after", after)).stdout,
    );
    const kept = (list: typeof events) =>
      list.filter(({ type }) => type !== "reply.delta").map(({ id }) => id);
    expect(kept(rest.events)).toEqual(kept(events.slice(seen + 1)));
  });

  test("with --detach is the first event alone", async () => {
    const run = await pawl("run", "What is 1 + 1?", "--json", "--detach");
    expect(run.exitCode).toBe(0);
    const [line, ...more] = linesOf(run.stdout);
    expect(eventLine.parse(line).type).toBe("run.started");
    expect(more).toEqual([]);
  });
});

describe("plain output", () => {
  test("is the answer on stdout and all else on stderr", async () => {
    const run = await pawlProcess("run", "What is 17 % of 2,340?");
    expect(run.stdout).toBe("17 % of 2,340 is 397.8.\n");
    expect(run.stderr).toMatch(/answered\n2 model calls · 1 tool call · [\d,]+ tokens in/);
    expect(run.stderr).toContain("offline model: costs are simulated");
  });

  test("is empty on stdout where there is no answer", async () => {
    await world.model.faults([{ kind: "auth" }]);
    const run = await pawl("run", "What is 2 + 2?");
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("PROVIDER_AUTH");
  });

  test("--detach prints the id and how to attach", async () => {
    const run = await pawl("run", "What is 3 * 4?", "--detach");
    const runId = runIdOf(run);
    expect(run).toMatchObject({ exitCode: 0, stdout: `${runId}\n` });
    expect(run.stderr).toContain(`pawl attach ${runId}`);
    expect((await pawl("attach", runId)).stdout).toContain("12");
  });
});

describe("--key", () => {
  test("gives the same run for the same task, and refuses another", async () => {
    const order = ["run", "What is 5 * 5?", "--key", "five", "--tenant", "acme", "--json"];
    const first = readRunLines((await pawl(...order)).stdout).result;
    const second = await pawl(...order);
    expect(readRunLines(second.stdout).result).toEqual(first);
    expect(second.stderr).toContain("This key has been used before");

    const other = await pawl(
      "run",
      "What is 6 * 6?",
      "--key",
      "five",
      "--tenant",
      "acme",
      "--json",
    );
    expect(other.exitCode).toBe(2);
    expect(errorLine.parse(JSON.parse(other.stdout)).code).toBe("IDEMPOTENCY_MISMATCH");

    const elsewhere = await pawl("run", "What is 6 * 6?", "--key", "five", "--json");
    expect(readRunLines(elsewhere.stdout).result.runId).not.toBe(first.runId);
  });
});

describe("a run that is over", () => {
  let runId: string;
  beforeAll(async () => {
    const run = await pawl("run", "What is 9 * 9?", "--tenant", "globex", "--session", "books");
    runId = runIdOf(run);
  });

  test("is shown with its task, figures and answer", async () => {
    const { stdout } = await pawl("show", runId);
    expect(stdout).toContain(`${runId} · answered`);
    expect(stdout).toContain("task: What is 9 * 9?");
    expect(stdout).toContain(
      "agent assistant · model claude-sonnet-5-5 · tenant globex · session books",
    );
    expect(stdout).toMatch(/2 model calls · 1 tool call/);
    expect(stdout).toContain("81");
  });

  test("is listed by tenant, status and outcome", async () => {
    const found = async (...flags: string[]): Promise<unknown[]> =>
      (await pawl("ls", "--json", ...flags)).stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    await until(
      "the list knows of the end",
      async () => (await found("--tenant", "globex", "--status", "ended")).length === 1,
    );
    expect(await found("--tenant", "globex", "--outcome", "answered")).toEqual([
      expect.objectContaining({
        runId,
        status: "ended",
        outcome: "answered",
        task: "What is 9 * 9?",
        tenant: "globex",
        session: "books",
        turns: 2,
      }),
    ]);
    expect(await found("--tenant", "globex", "--status", "running")).toEqual([]);
    const table = await pawl("ls", "--tenant", "globex");
    expect(table.stdout).toMatch(
      new RegExp(
        `^run +state +cost  started +task\n${runId}  answered  \\$0\\.\\d+  \\d+ s ago  What is 9 \\* 9\\?\n$`,
      ),
    );
  });

  test("can't be paused or resumed any more", async () => {
    for (const command of ["pause", "resume"]) {
      const run = await pawl(command, runId);
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain(`The run ${runId} has already ended.`);
    }
  });

  test("is exported, and replays; a step that differs is exit 1", async () => {
    const file = join(dir, "run.json");
    expect(await pawl("export", runId, "--out", file)).toMatchObject({ exitCode: 0, stdout: "" });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const onStdout = await pawl("export", runId);
    expect(JSON.parse(onStdout.stdout)).toEqual(JSON.parse(await readFile(file, "utf8")));
    expect(await pawlProcess("replay", file)).toMatchObject({
      exitCode: 0,
      stdout: `${file}#0  same\n`,
    });

    const planted = (await readFile(file, "utf8")).replaceAll('"callModel"', '"runTool"');
    await writeFile(join(dir, "planted.json"), planted);
    const differs = await pawlProcess("replay", join(dir, "planted.json"));
    expect(differs.exitCode).toBe(1);
    expect(differs.stdout).toContain("DIFFERS");
  });
});
