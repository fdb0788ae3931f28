// What an operator does about money, as a shell sees it.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { linesOf, pawlIn } from "../support/cli.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

const CALL = { name: "calculator", input: { expression: "6*7" } };

let world: World;

beforeAll(async () => {
  world = await openWorld({ workerMain: "test/support/thrifty-worker.mjs" });
  await world.startWorker();
});
beforeEach(() => world.model.reset());
afterAll(() => world?.close());

async function pawl(...args: readonly string[]) {
  const run = await pawlIn(world, args);
  expect({ args, stderr: run.stderr, exitCode: run.exitCode }).toMatchObject({ exitCode: 0 });
  return run;
}

test("R2: a budget stops a run, raising it lets it go on, and the cost is told to the micro-dollar", async () => {
  await world.model.script([{ reply: { toolCalls: [CALL] } }, { reply: { text: "It is 42." } }]);
  await pawl("budget", "set", "tenant_day", "0.0001", "--tenant", "acme");
  const who = ["--tenant", "acme", "--session", "s1"];
  const started = await pawl("run", "Reckon.", ...who, "--on-limit", "pause", "--detach");
  const runId = /run_[\w-]{36}/.exec(started.stdout + started.stderr)?.[0] ?? "";
  await until("it waits, and the list knows", async () => {
    const waiting = await world.client.list({ status: "waiting" });
    return waiting.some((run) => run.runId === runId);
  });
  const shown = await pawl("budget", "show", "--tenant", "acme");
  expect(shown.stdout).toMatch(
    /tenant_day +acme +\$0\.000100 +\$0 +\$0 +\$0 +\$0\.000100 +\d{4}-\d\d-\d\d 00:00 +budget tenant_day\/acme\n/,
  );
  expect(shown.stdout).toMatch(/tenant_month +acme +none +\$0 +\$0 +.* environment\n/);

  const raised = await pawl("budget", "raise", "tenant_day", "1", "--tenant", "acme");
  expect(raised.stdout).toMatch(/\$1\.00 .*budget tenant_day\/acme, raised by \$1\.00/);
  expect(raised.stderr).toContain("1 run that waited at this cap: looking again.");
  const result = await world.client.result(runId);
  expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "It is 42." });

  const billed = await world.model.billedMicroUsd(runId);
  const [row, total] = linesOf(
    (await pawl("cost", "--by", "run", "--json", ...who.slice(0, 2))).stdout,
  );
  const spent = { runs: 1, calls: 2, attempts: 2, spentMicroUsd: billed, fearedMicroUsd: 0 };
  expect(row).toMatchObject({ type: "row", name: runId, tenant: "acme", ...spent });
  expect(total).toMatchObject({ type: "total", more: 0, ...spent });
  const table = await pawl("cost", "--by", "session", "--since", "1h");
  expect(table.stdout).toContain(`acme/s1`);
  expect(table.stdout).toContain(`$${(billed / 1_000_000).toFixed(6)}`);

  const whatIf = await pawl("cost", "--what-if", "--tenant", "acme");
  expect(whatIf.stdout).toMatch(/its own prices +\$6\.000000 +\$2\.920000 +51 %/);
  expect(whatIf.stdout).toMatch(/example at the prices of .* +\$\d+\.\d{6} +\$\d+\.\d{6} +\d+ %/);
  expect(whatIf.stdout).toContain("recorded: 2 calls");
});

test("R2: an agent's own limit on cost is held to before each call", async () => {
  await world.model.script([
    { times: 20, reply: { text: "On it. ".repeat(100), toolCalls: [CALL] } },
  ]);
  const order = { task: "Reckon.", tenant: "t", session: "s", agent: "thrifty" };
  const { runId } = await world.client.start(order);
  const result = await world.client.result(runId);
  expect(result.outcome).toMatchObject({ kind: "stopped", limit: "cost" });
  expect(result.costUsd).toBeLessThanOrEqual(0.012);
  expect(result.modelCalls).toBeGreaterThan(0);
  expect(await world.model.billedMicroUsd(runId)).toBeLessThanOrEqual(12_000);
});

test("what makes no sense is refused before anything is changed", async () => {
  const refused = async (...args: readonly string[]) => {
    const { exitCode, stderr } = await pawlIn(world, args);
    expect(exitCode).toBe(2);
    return stderr;
  };
  expect(await refused("budget", "set", "tenant_year", "1")).toContain("tenant_year");
  expect(await refused("budget", "set", "tenant_day", "-1")).toMatch(
    /dollars above 0|unknown option/,
  );
  expect(await refused("budget", "raise", "tenant_day", "1")).toContain("say which");
  expect(await refused("budget", "apply", "no-such.json")).toContain("no-such.json can't be used");
  expect(await refused("budget", "raise", "global_day", "1")).toContain("no cap");
  expect(await refused("cost", "--what-if", "70%cheap")).toContain("a routing looks like");
  expect(await world.client.budgets({ tenant: "nobody" })).toMatchObject([
    { scope: "global_day", capMicroUsd: null },
    { scope: "tenant_day", capMicroUsd: 10_000_000, budget: null },
    { scope: "tenant_month", capMicroUsd: null },
  ]);
});
