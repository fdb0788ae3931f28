// npm run bench:figures [-- --calls 1000000]: what people look at over so many settled calls, how long each figure
// takes, what many dashboards at once cost, and what retention takes from calls beside it.

import { parseArgs } from "node:util";
import { createLedger } from "../src/store/ledger.ts";
import { migrate } from "../src/store/migrate.ts";
import { openDatabase, type Database } from "../src/store/database.ts";
import { forgetOld } from "../src/store/retention.ts";
import { spentOf } from "../src/store/spending.ts";
import { readCalls, readUsage, USAGE_BY } from "../src/store/usage-report.ts";
import { aSettlement, anAttempt } from "../test/support/attempts.ts";
import { putManyCalls } from "../test/support/many-calls.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { medianOf } from "./median.ts";

const { values } = parseArgs({ options: { calls: { type: "string", default: "1000000" } } });
const CALLS = Number(values.calls);
const CALLS_PER_RUN = 10;
const DAYS = 30;
const TENANTS = 50;
const MESSAGES_PER_RUN = 5;
const ROUNDS = 20;
const DASHBOARDS = 20;
const CALLERS = 40;
const BOOKING_MS = 5000;
const KEPT_DAYS = 20;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function figure(name: string, ask: () => Promise<unknown>): Promise<string> {
  await ask();
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) took.push(await timed(ask));
  return `| ${name} | ${medianOf(took).toFixed(1)} | ${Math.max(...took).toFixed(1)} |`;
}

async function figuresOf(db: Database): Promise<readonly string[]> {
  const stats = () => spentOf(db, "tenant-7");
  const week = { since: new Date(Date.now() - 7 * 86_400_000) };
  const rows = [await figure("a tenant's day and month (`/v1/stats`, `/v1/usage`)", stats)];
  const many = () => Promise.all(Array.from({ length: DASHBOARDS }, stats));
  rows.push(await figure(`${DASHBOARDS} of them at once`, many));
  for (const by of USAGE_BY) {
    rows.push(await figure(`\`pawl cost --by ${by}\``, () => readUsage(db, { by })));
  }
  for (const by of ["run", "session", "model"] as const) {
    const one = { by, tenant: "tenant-7" };
    rows.push(await figure(`… \`--by ${by} --since 7d\``, () => readUsage(db, { by, ...week })));
    rows.push(await figure(`… \`--by ${by}\`, one tenant`, () => readUsage(db, one)));
  }
  rows.push(await figure("`pawl cost --what-if`", () => readCalls(db, {})));
  return rows;
}

/** Holds and settlements a second, until `isOver`. */
async function booked(db: Database, isOver: () => boolean): Promise<number> {
  const ledger = createLedger(db);
  let calls = 0;
  const mark = Math.random().toString(36).slice(2);
  const took = await timed(() =>
    Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        for (let turn = 1; !isOver(); turn++) {
          const { holdId, ...attempt } = anAttempt(`${mark}-${caller}`, [], { turn });
          await ledger.startAttempt({ holdId, ...attempt });
          await ledger.settle(aSettlement(holdId, 100));
          calls += 1;
        }
      }),
    ),
  );
  return (calls * 1000) / took;
}

async function retention(db: Database): Promise<readonly string[]> {
  const until = (ms: number) => {
    const end = Date.now() + ms;
    return () => Date.now() > end;
  };
  await booked(db, until(BOOKING_MS));
  const before = await booked(db, until(BOOKING_MS));
  let isOver = false;
  let forgotten = {};
  const [took, beside] = await Promise.all([
    timed(async () => {
      forgotten = await forgetOld({
        db,
        keepDays: KEPT_DAYS,
        now: new Date(),
        fateOf: () => Promise.resolve({ kind: "open" }),
      });
      isOver = true;
    }),
    booked(db, () => isOver),
  ]);
  return [
    `| calls a second (hold + settle, ${CALLERS} callers, one worker) | ${before.toFixed(0)} |`,
    `| … while a third of the month is forgotten | ${beside.toFixed(0)} |`,
    `| it took, s | ${(took / 1000).toFixed(1)} |`,
    `| and forgot | ${Object.entries(forgotten)
      .map(([what, n]) => `${String(n)} ${what}`)
      .join(", ")} |`,
  ];
}

const server = await startPostgres({ fsync: true });
await migrate(server.url);
const db = openDatabase(server.url, { connectionsMax: DASHBOARDS, timeoutMs: 120_000 });
try {
  say(`${CALLS} calls …`);
  const runs = CALLS / CALLS_PER_RUN;
  await putManyCalls(db, {
    runs,
    callsPerRun: CALLS_PER_RUN,
    days: DAYS,
    tenants: TENANTS,
    messagesPerRun: MESSAGES_PER_RUN,
  });
  say("Figures …");
  const figures = await figuresOf(db);
  say("Retention …");
  const kept = await retention(db);
  const size = `${CALLS.toLocaleString("en-US")} settled calls of ${runs.toLocaleString("en-US")} runs and sessions`;
  const head = [`| ${size} | ms, median | max |`, "| --- | ---: | ---: |"];
  const lines = [...head, ...figures, "", "| retention | |", "| --- | ---: |", ...kept];
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  await db.end();
  await server.stop();
}
