// The roles of docs/database.md, made by the very statements that it shows: what each may, under the real
// processes, and what it may not.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { takeCostAlerts } from "../../src/store/cost-alerts.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { pruneDeltas } from "../../src/store/deltas.ts";
import { createLaneCalls } from "../../src/store/lane-calls.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { migrate } from "../../src/store/migrate.ts";
import { readSchema, tableStep } from "../../src/store/migrations.ts";
import { anAccount, anAttempt } from "../support/attempts.ts";
import { runPawl, startPawl } from "../support/cli-process.ts";
import type { CliRun } from "../support/cli.ts";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import type { DatabaseServer } from "../support/postgres.ts";
import { startProcess, until } from "../support/processes.ts";
import { asAdmin, emptyDatabase } from "../support/shared-servers.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

const ROLES = [
  "pawl_owner",
  "pawl_worker",
  "pawl_gateway",
  "pawl_operator",
  "pawl_reader",
] as const;
type Role = (typeof ROLES)[number];

const DOC = readFileSync(packageFile("docs/database.md"), "utf8");
const [MAKES_ROLES = "", TAKES_RIGHTS = ""] = Array.from(
  DOC.matchAll(/```sql\n([^]*?)```/g),
  ([, sql = ""]) => sql,
);

const folder = mkdtempSync(join(tmpdir(), "pawl-roles-"));
let database: DatabaseServer;
let world: World;
let gateway: GatewayProcess;
const opened = new Map<Role, Database>();

function urlOf(role: Role): string {
  return Object.assign(new URL(database.url), { username: role }).href;
}

function as(role: Role): Database {
  const db = opened.get(role) ?? openDatabase(urlOf(role), { connectionsMax: 1 });
  opened.set(role, db);
  return db;
}

async function pawl(role: Role, ...args: readonly string[]): Promise<CliRun> {
  return await runPawl(args, { ...world.env, DATABASE_URL: urlOf(role) });
}

beforeAll(async () => {
  database = await emptyDatabase();
  await asAdmin(database.url, MAKES_ROLES);
  world = await openWorld({
    database: { ...database, url: urlOf("pawl_operator") },
    env: { DATABASE_URL: urlOf("pawl_worker") },
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gateway?.process.kill();
  await world?.close();
  await Promise.all([...opened.values()].map((db) => db.end()));
  const { url } = database;
  await database.stop();
  const elsewhere = Object.assign(new URL(url), { pathname: "/postgres" }).href;
  for (const role of ROLES) await asAdmin(elsewhere, `drop role if exists ${role}`);
});

test("a worker and a gateway that come before the tables wait for whoever may make them", async () => {
  const nothing = await pawl("pawl_reader", "keys", "ls");
  expect(nothing).toMatchObject({ exitCode: 6, stdout: "" });
  expect(nothing.stderr).toBe(
    "The database has no schema of Pawl yet. Run `pawl migrate` as the owner of the schema, or start a worker that may: docs/database.md.\n",
  );
  const refused = await pawl("pawl_worker", "migrate");
  expect(refused).toMatchObject({ exitCode: 6, stdout: "" });
  expect(refused.stderr).toMatch(
    /no schema of Pawl yet\. This role may not apply that: .*permission denied/,
  );
  expect(refused.stderr).toMatch(/Run `pawl migrate` as the owner/);

  const starting = startGateway({ env: { ...world.env, DATABASE_URL: urlOf("pawl_gateway") } });
  const worker = startProcess(process.execPath, [packageFile("dist/src/worker/main.js")], {
    env: world.env,
  });
  try {
    expect(await worker.line("worker_waiting")).toContain("SCHEMA_BEHIND");
    const made = await pawl("pawl_owner", "migrate");
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    expect(made.stdout.split("\n")).toEqual([
      ...readSchema().tables.map(({ name }) => name),
      "functions",
      "",
    ]);
    await asAdmin(database.url, TAKES_RIGHTS);
    await worker.line("worker_ready");
    gateway = await starting;
  } finally {
    await worker.kill();
  }
  expect(await pawl("pawl_owner", "migrate")).toMatchObject({
    exitCode: 0,
    stdout: "",
    stderr: "Nothing was due.\n",
  });
});

describe("with the tables there", () => {
  const worker = () => as("pawl_worker");

  test("a worker serves runs, and a gateway tells of them", async () => {
    await world.startWorker();
    await world.model.script([
      { reply: { toolCalls: [{ name: "calculator", input: { expression: "6*7" } }] } },
      { reply: { text: "It is 42." } },
    ]);
    const key = await keyFor(world, "acme", "runs:read", "runs:write");
    const asked = { key, body: { task: "Reckon." } };
    const submitted = await ask(gateway.url, "POST /v1/runs", asked);
    const runId = String(submitted.json?.["runId"]);
    const result = await world.client.result(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "It is 42." });
    const told = await ask(gateway.url, "GET /v1/usage", { key });
    expect(told).toMatchObject({ status: 200, json: { today: { runs: 1 } } });
    await until("the use of the key is noted", async () => {
      const [row] = await world.db`select from pawl.api_key where last_used_at is not null`;
      return row !== undefined;
    });
  });

  test("a worker may do what it does now and then", async () => {
    const ledger = createLedger(worker());
    const attempt = anAttempt("lane", [anAccount("lane", 10_000)], { lane: "batch" });
    expect(await ledger.startAttempt(attempt)).toMatchObject({ kind: "held" });
    expect(await createLaneCalls(worker()).note(attempt.holdId, "msgbatch_1")).toBe("awaited");
    expect(await ledger.sweep()).toBe(0);
    await ledger.closeRun("lane");
    expect(await takeCostAlerts(worker(), new Date())).toEqual([]);
    await expect(pruneDeltas(worker(), 0)).resolves.toBeGreaterThanOrEqual(0);
    expect(await migrate(urlOf("pawl_worker"))).toEqual([]);
  });

  test("a reader sees costs, keys and runs, and on a database that can only be read as well", async () => {
    await asAdmin(database.url, "alter role pawl_reader set default_transaction_read_only = on");
    const cost = await pawl("pawl_reader", "cost", "--by", "tenant");
    expect(cost).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nacme +\d/) });
    const keys = await pawl("pawl_reader", "keys", "ls");
    expect(keys).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/ acme /) });
    const shown = await pawl("pawl_reader", "budget", "show");
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/tenant_day +acme/) });
    expect(await pawl("pawl_reader", "ls")).toMatchObject({ exitCode: 0 });
  });

  test("what only an owner may apply is named to whoever may only read", async () => {
    const real = readSchema();
    const more = tableStep({ name: "99-more", sql: "create table pawl.more (id integer)" });
    const schema = { ...real, tables: [...real.tables, more] };
    await expect(migrate(urlOf("pawl_reader"), { schema })).rejects.toMatchObject({
      code: "SCHEMA_BEHIND",
      message: expect.stringMatching(/due are 99-more\. .*may not .*read-only transaction/),
    });
  });

  test("an operator orders a batch, sets budgets, and makes and ends keys", async () => {
    expect(await pawl("pawl_operator", "budget", "set", "tenant_day", "25")).toMatchObject({
      exitCode: 0,
    });
    const raised = ["budget", "raise", "tenant_day", "5", "--tenant", "acme"];
    expect(await pawl("pawl_operator", ...raised)).toMatchObject({ exitCode: 0 });
    const idOf = (key: string): string => key.split("_")[1] ?? "";
    const made = await pawl("pawl_operator", "keys", "create", "--tenant", "zeta");
    expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^pawl_/) });
    const revoked = await pawl("pawl_operator", "keys", "revoke", idOf(made.stdout));
    expect(revoked).toMatchObject({ exitCode: 0 });
    await world.model.script([{ times: 4, reply: { text: "Done." } }]);
    const batch = startPawl(
      ["batch", packageFile("examples/tasks.jsonl"), "--out", join(folder, "results")],
      {
        ...world.env,
        DATABASE_URL: urlOf("pawl_operator"),
      },
    );
    const ended = await batch.ended;
    expect(ended.stdout).toContain("4 of 4 ended · 4 answered");
  });

  test.each<[Role, readonly string[], string]>([
    ["pawl_reader", ["keys", "create", "--tenant", "acme"], "api_key"],
    ["pawl_gateway", ["budget", "set", "tenant_day", "9"], "hold"],
    ["pawl_worker", ["keys", "ls"], "api_key"],
  ])("%s is refused %j, in a sentence", async (role, args, table) => {
    const refused = await pawl(role, ...args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toMatch(
      /^Postgres at 127\.0\.0\.1:\d+: .*\. Name a primary in DATABASE_URL, and grant its role what docs\/database\.md says/,
    );
    expect(refused.stderr).toMatch(
      new RegExp(`permission denied for table ${table}|read-only transaction`),
    );
    expect(refused.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  const others = ROLES.filter((role) => role !== "pawl_owner");
  test.each(others)("%s makes, changes and empties no table", async (role) => {
    for (const statement of [
      "create table pawl.own (id integer)",
      "alter table pawl.hold add own text",
      "drop table pawl.hold",
      "truncate pawl.hold",
      "create or replace function pawl.sweep() returns integer language sql as 'select 1'",
      "update pawl.migration set hash = ''",
    ]) {
      const refused = expect(as(role).script(statement)).rejects;
      await refused.toMatchObject({ code: "DATABASE_REFUSED" });
    }
  });
});
