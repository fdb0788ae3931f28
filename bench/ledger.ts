// npm run bench:ledger [-- --seconds 10 --rounds 3]: what the ledger carries where every cap is set: session, tenant by
// day and by month, and all by day, over 50 tenants, on a PostgreSQL that waits for its disk. A call is a hold and a
// settlement with a reply of 1 kB. Beside it the ledger as it was before batches, from git, in the same minutes.

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { packageFile } from "../src/package-root.ts";
import { createBudgets } from "../src/store/budgets.ts";
import { openDatabase, type Database } from "../src/store/database.ts";
import { createLedger } from "../src/store/ledger.ts";
import { migrate } from "../src/store/migrate.ts";
import { aSettlement, anAttempt } from "../test/support/attempts.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { asAdmin, databaseAt } from "../test/support/shared-servers.ts";
import { medianOf } from "./median.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
  },
});

const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const TENANTS = 50;
const CAP = 1_000_000_000_000;
const CAPS = { session: CAP, tenant_day: CAP, tenant_month: CAP, global_day: CAP };
const WORKERS = 4;
const LOADS = [1, 8, 40, 200] as const;
/** The last commit before the batches. */
const BEFORE = "9cc0f23";

interface Desk {
  readonly name: string;
  readonly db: Database;
  hold(worker: number, run: string, tenant: string): Promise<void>;
  settle(worker: number, run: string): Promise<void>;
  end(): Promise<void>;
}

interface Seen {
  readonly callsPerSecond: number;
  readonly holdMs: number;
  readonly walBytes: number;
}

async function batches(url: string): Promise<Desk> {
  await migrate(url);
  const pools = Array.from({ length: WORKERS }, () => openDatabase(url));
  const ledgers = pools.map((db) => createLedger(db));
  const db = at(pools, 0);
  await createBudgets(db).seed(CAPS);
  await at(ledgers, 0).sweep();
  return {
    name: "batches",
    db,
    async hold(worker, run, tenant) {
      const start = await at(ledgers, worker).startAttempt(
        anAttempt(run, [], { tenant, session: `${tenant}-s` }),
      );
      if (start.kind !== "held") throw new Error(`no hold: ${JSON.stringify(start)}`);
    },
    async settle(worker, run) {
      const end = await at(ledgers, worker).settle(
        aSettlement(`${run}/1/1`, 50, { journal: REPLY }),
      );
      if (end.kind !== "settled") throw new Error(`not settled: ${JSON.stringify(end)}`);
    },
    end: async () => void (await Promise.all(pools.map((pool) => pool.end()))),
  };
}

const REPLY = JSON.stringify({ text: "x".repeat(1000) });

/** Each hold and each settlement a statement and a transaction of its own. */
async function single(url: string): Promise<Desk> {
  const pools = Array.from({ length: WORKERS }, () => openDatabase(url));
  const db = at(pools, 0);
  await db.script("create schema pawl");
  for (const name of FORMER) await db.script(git("show", `${BEFORE}:${FORMER_FOLDER}/${name}`));
  const day = new Date().toISOString().slice(0, 10);
  const account = (key: string, limit: string) => ({
    key,
    limit,
    capMicroUsd: CAP,
    resetsAt: null,
    budgets: [limit],
  });
  return {
    name: "before",
    db,
    async hold(worker, run, tenant) {
      const { payer: _payer, ...attempt } = anAttempt(run, []);
      const accounts = [
        { ...account(`run/${run}`, "cost"), budgets: [] },
        account(`session/${tenant}/${tenant}-s`, "session"),
        account(`tenant/${tenant}/${day}`, "tenant_day"),
        account(`tenant/${tenant}/${day.slice(0, 7)}`, "tenant_month"),
        account(`global/${day}`, "global_day"),
      ];
      const request = {
        ...attempt,
        tenant,
        session: `${tenant}-s`,
        agent: "clerk",
        turn: 1,
        accounts,
      };
      await at(pools, worker)`select pawl.start_attempt(${{ json: request }})`;
    },
    async settle(worker, run) {
      const { spentMicroUsd, ...rest } = aSettlement(`${run}/1/1`, 50, { journal: REPLY });
      const settlement = { ...rest, actualMicroUsd: spentMicroUsd };
      await at(pools, worker)`select pawl.settle(${{ json: settlement }})`;
    },
    end: async () => void (await Promise.all(pools.map((pool) => pool.end()))),
  };
}

const FORMER_FOLDER = "src/store/migrations";
const FORMER = git("ls-tree", "--name-only", `${BEFORE}:${FORMER_FOLDER}`)
  .split("\n")
  .filter((name) => name.endsWith(".sql"))
  .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: packageFile(""), encoding: "utf8" });
}

function at<T>(all: readonly T[], index: number): T {
  const found = all[index];
  if (found === undefined) throw new Error(`there is no worker ${index}`);
  return found;
}

let runs = 0;

async function measure(desk: Desk, callers: number): Promise<Seen> {
  const from = await walOf(desk.db);
  const endsAt = performance.now() + SECONDS * 1000;
  const startedAt = performance.now();
  const holds: number[] = [];
  let calls = 0;
  const call = async (caller: number): Promise<void> => {
    while (performance.now() < endsAt) {
      const run = `run-${(runs += 1)}`;
      const askedAt = performance.now();
      await desk.hold(caller % WORKERS, run, `t${runs % TENANTS}`);
      holds.push(performance.now() - askedAt);
      await desk.settle(caller % WORKERS, run);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const seconds = (performance.now() - startedAt) / 1000;
  const walBytes = ((await walOf(desk.db)) - from) / calls;
  return { callsPerSecond: calls / seconds, holdMs: medianOf(holds), walBytes };
}

async function walOf(db: Database): Promise<number> {
  const [row] = await db<{ bytes: number }>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as bytes`;
  return row?.bytes ?? 0;
}

const server = await startPostgres({ fsync: true });
try {
  for (const name of ["before", "batches"]) await asAdmin(server.url, `create database ${name}`);
  const desks = [
    await single(databaseAt(server.url, "before")),
    await batches(databaseAt(server.url, "batches")),
  ];
  const seen = new Map<string, Seen[]>();
  const turns = Array.from({ length: ROUNDS }, () => LOADS).flat();
  for (const [callers, desk] of turns.flatMap((load) => desks.map((d) => [load, d] as const))) {
    const one = await measure(desk, callers);
    const key = `${desk.name} at ${callers}`;
    seen.set(key, [...(seen.get(key) ?? []), one]);
    process.stderr.write(`${key}: ${Math.round(one.callsPerSecond)} calls/s\n`);
  }
  process.stdout.write(
    "| callers on 4 workers | calls/s | p50 ms of a hold | WAL bytes a call |\n",
  );
  process.stdout.write("| --- | --- | --- | --- |\n");
  for (const [key, all] of seen) {
    const of = (figure: (one: Seen) => number): string => medianOf(all.map(figure)).toFixed(1);
    const cells = [key, of((s) => s.callsPerSecond), of((s) => s.holdMs), of((s) => s.walBytes)];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
  await Promise.all(desks.map((desk) => desk.end()));
} finally {
  await server.stop();
}
