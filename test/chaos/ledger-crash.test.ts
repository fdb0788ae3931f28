// What the ledger has told anybody is on the disk: workers are killed and PostgreSQL is stopped in its tracks while
// they book, and nothing that was heard is missing afterwards.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import {
  assertNoCapPassed,
  assertSumsUp,
  assertUsageSumsUp,
  clearMoney,
  watchCaps,
} from "../support/ledger-rules.ts";
import { plantNoWaitForDisk, restoreFunctions } from "../support/plant-in-books.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { startProcess, until, type Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";

const WORKERS = 2;
const CALLERS = 20;
const KILLS = Math.max(4, ROUNDS);
const STOPS = Math.max(3, Math.ceil(ROUNDS / 4));

let server: PostgresServer;
let db: Database;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-ledger-"));
  server = await startPostgres({ fsync: true });
  await migrate(server.url);
  db = openDatabase(server.url);
  await watchCaps(db);
}, 120_000);
afterAll(async () => {
  await db?.end();
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);
beforeEach(async () => {
  await clearMoney(db);
  await createBudgets(db).seed({
    session: 2_000_000,
    tenant_day: 5_000_000,
    tenant_month: 50_000_000,
    global_day: 8_000_000,
  });
});

test(
  "L6: nothing that was acknowledged is missing or there twice after kills of workers and crashes of PostgreSQL",
  async () => {
    const fleet = await startFleet("heard");
    for (let kill = 0; kill < KILLS; kill += 1) await fleet.killOne();
    for (let stop = 0; stop < STOPS; stop += 1) await crash(fleet);
    const told = await fleet.end();
    expect(told.held.length).toBeGreaterThan(100);
    expect(await missing(told)).toEqual([]);
    await assertOnce();
    await assertNoCapPassed(db);
    await assertSumsUp(db);
    await assertUsageSumsUp(db);
    process.stderr.write(
      `ledger: ${told.held.length} holds and ${told.ended.size} ends heard through ${KILLS} kills and ` +
        `${STOPS} crashes of PostgreSQL, none missing\n`,
    );
  },
  300_000 + ROUNDS * 20_000,
);

test("books that do not wait for the disk are found out", async () => {
  await plantNoWaitForDisk(db);
  try {
    const fleet = await startFleet("rash");
    let lost: readonly string[] = [];
    for (let stop = 0; stop < 10 && lost.length === 0; stop += 1) {
      await crash(fleet);
      lost = await missing(await fleet.told());
    }
    await fleet.end();
    expect(lost).not.toEqual([]);
  } finally {
    await restoreFunctions(db);
  }
}, 300_000);

interface Told {
  readonly held: readonly string[];
  /** How the hold ended, and what was spent for it. */
  readonly ended: ReadonlyMap<string, string>;
}

async function startFleet(name: string) {
  const notes: string[] = [];
  const workers: Process[] = [];
  const start = async (): Promise<void> => {
    const NOTES = join(dir, `${name}-${notes.length}`);
    notes.push(NOTES);
    const env = {
      ...process.env,
      DATABASE_URL: server.url,
      NOTES,
      NAME: `${name}-${notes.length}`,
      CALLERS: String(CALLERS),
      TENANTS: "3",
    };
    workers.push(
      startProcess(process.execPath, [packageFile("test/support/ledger-worker.mjs")], { env }),
    );
    await until(
      "the worker has ended calls",
      async () => (await read([NOTES])).ended.size > 20,
      60_000,
    );
  };
  for (let n = 0; n < WORKERS; n += 1) await start();
  return {
    told: () => read(notes),
    /** Until every worker that lives has heard of so many more ends. */
    async goesOn(): Promise<void> {
      const before = (await read(notes)).ended.size;
      await until(
        "the fleet goes on",
        async () => (await read(notes)).ended.size > before + 50,
        60_000,
      );
    },
    async killOne(): Promise<void> {
      await workers.shift()?.kill();
      await start();
    },
    async end(): Promise<Told> {
      await Promise.all(workers.map((worker) => worker.kill()));
      return await read(notes);
    },
  };
}

/** PostgreSQL goes as when the power fails, in the midst of it, and comes back. */
async function crash(fleet: Awaited<ReturnType<typeof startFleet>>): Promise<void> {
  await fleet.goesOn();
  await server.crash();
  await server.start();
  await until("the database answers", async () => {
    try {
      return (await db`select 1`).length === 1;
    } catch {
      return false;
    }
  });
  await fleet.goesOn();
}

async function read(notes: readonly string[]): Promise<Told> {
  const texts = await Promise.all(notes.map((file) => readFile(file, "utf8").catch(() => "")));
  const held: string[] = [];
  const ended = new Map<string, string>();
  for (const line of texts.flatMap((text) => text.split("\n").slice(0, -1))) {
    const [word = "", id = "", spent = "0"] = line.split(" ");
    if (word === "held") held.push(id);
    if (word === "settled") ended.set(id, `settled ${spent}`);
    if (word === "lost") ended.set(id, "lost 0");
  }
  return { held, ended };
}

async function missing({ held, ended }: Told): Promise<readonly string[]> {
  const rows = await db<{ readonly id: string; readonly said: string }>`
    select hold_id as id, state || ' ' || spent as said from pawl.call
    union all select hold_id, 'held' from pawl.hold`;
  const there = new Map(rows.map(({ id, said }) => [id, said]));
  return [
    ...held.filter((id) => !there.has(id)),
    ...[...ended]
      .filter(([id, said]) => there.get(id) !== said)
      .map(([id, said]) => `${id} ${said}`),
  ];
}

async function assertOnce(): Promise<void> {
  const twice = await db`
    select hold_id from (select hold_id from pawl.call union all select hold_id from pawl.hold) all_of_them
    group by hold_id having count(*) > 1`;
  expect(twice).toEqual([]);
}
