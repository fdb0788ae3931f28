// Behind pgbouncer, in both of its modes, with fewer connections than all processes want together. In session mode a
// client keeps its connection until it leaves: whoever comes too late waits until another has nothing to do.

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import {
  findPgbouncer,
  startPgbouncer,
  type Pgbouncer,
  type PgbouncerOptions,
} from "../support/pgbouncer.ts";
import { until } from "../support/processes.ts";
import { emptyDatabase, ownDatabase } from "../support/shared-servers.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

const found = findPgbouncer();
const withPgbouncer = found === undefined ? describe.skip : describe;
const WHERE = found === undefined ? "pgbouncer is not installed here" : "pgbouncer";
const MODES = ["transaction", "session", "statement"] as const;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function before(options: PgbouncerOptions): Promise<Pgbouncer> {
  const server = await ownDatabase();
  closers.push(() => server.stop());
  const bouncer = await startPgbouncer(server.url, options);
  closers.push(() => bouncer.stop());
  return bouncer;
}

function open(url: string, connectionsMax = 4): Database {
  const db = openDatabase(url, { connectionsMax });
  closers.push(() => db.end());
  return db;
}

withPgbouncer(WHERE, () => {
  test.each(MODES)("the schema is made through it, by many at once, in %s mode", async (mode) => {
    const server = await emptyDatabase();
    closers.push(() => server.stop());
    const bouncer = await startPgbouncer(server.url, { mode, poolSize: 4 });
    closers.push(() => bouncer.stop());
    const applied = await Promise.all([1, 2, 3].map(() => migrate(bouncer.url)));
    expect(applied.flat().length).toBeGreaterThan(10);
    expect(await migrate(bouncer.url)).toEqual([]);
  });

  test.each(MODES)(
    "what it refuses is a setting to take out, and is named, in %s mode",
    async (mode) => {
      const { url } = await before({ mode, poolSize: 4 });
      for (const parameter of ["options=-c%20statement_timeout%3D5s", "lock_timeout=5s"]) {
        const [name = ""] = parameter.split("=");
        const error: unknown = await open(`${url}?${parameter}`)`select 1`.catch(
          (caught: unknown) => caught,
        );
        expect(error).toMatchObject({
          code: "CONFIG",
          message: expect.stringContaining("unsupported startup parameter"),
          next: expect.stringMatching(new RegExp(`take ${name} out .*ignore_startup_parameters`)),
        });
      }
      // What is for other clients never comes to it.
      expect(await open(`${url}?pgbouncer=true&connection_limit=5`)`select 1 as one`).toEqual([
        { one: 1 },
      ]);
    },
  );

  test.each(MODES)("a restart of it is waited for, in %s mode", async (mode) => {
    const bouncer = await before({ mode, poolSize: 4 });
    const db = open(bouncer.url);
    await db`select 1`;
    await bouncer.crash();
    await expect(db`select 1`).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    await bouncer.start();
    await until(
      "it answers again",
      async () =>
        await db`select 1`.then(
          () => true,
          () => false,
        ),
      10_000,
    );
  });

  test("in transaction mode a pool of two serves forty connections at once", async () => {
    const { url } = await before({ mode: "transaction", poolSize: 2 });
    const startedAt = Date.now();
    await everyoneAsks(
      Array.from({ length: 10 }, () => open(url)),
      20,
    );
    expect(Date.now() - startedAt).toBeLessThan(15_000);
  });

  test("in session mode nobody starves where all processes want four times what there is", async () => {
    const { url } = await before({ mode: "session", poolSize: 8 });
    await everyoneAsks(
      Array.from({ length: 8 }, () => open(url)),
      20,
    );
  });

  test("in session mode a statement is not left with a connection that waits in the line", async () => {
    const { url } = await before({ mode: "session", poolSize: 1 });
    const db = open(url, 4);
    const startedAt = Date.now();
    await everyoneAsks([db], 40);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  /** Each asks as often at once; nobody is told that there was no answer. */
  async function everyoneAsks(databases: readonly Database[], times: number): Promise<void> {
    const answers = databases.flatMap((db) =>
      Array.from(
        { length: times },
        (_, index) => db<{ n: number }>`select ${index} as n, pg_sleep(0.01)::text as slept`,
      ),
    );
    expect(await Promise.all(answers)).toHaveLength(databases.length * times);
  }
});

withPgbouncer(`${WHERE}: two workers and a gateway`, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(async () => {
    await world.close();
  });

  test.each([
    ["transaction", 20],
    ["session", 20],
    ["session", 12],
  ] as const)(
    "in %s mode with a pool of %i, 20 runs at once are answered",
    async (mode, poolSize) => {
      const bouncer = await startPgbouncer(world.database.url, { mode, poolSize });
      closers.push(() => bouncer.stop());
      const env = { DATABASE_URL: bouncer.url };
      const gateway: GatewayProcess = await startGateway(world, { env });
      closers.push(() => gateway.process.kill());
      const workers = await Promise.all([world.startWorker(env), world.startWorker(env)]);
      for (const worker of workers) closers.push(() => worker.kill());
      const startedAt = Date.now();
      const results = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const { runId } = await world.client.start({
            task: `What is ${index} + 2?`,
            tenant: "pooled",
            session: "s",
          });
          return await world.client.result(runId);
        }),
      );
      const tookMs = Date.now() - startedAt;
      process.stdout.write(
        `pgbouncer, ${mode} mode, pool of ${poolSize}: 20 runs in ${tookMs} ms\n`,
      );
      expect(results.map(({ outcome }) => outcome.kind)).toEqual(results.map(() => "answered"));
      expect(
        workers.flatMap(({ lines }) =>
          lines.filter((line) => /no answer within|no connection was free/.test(line)),
        ),
      ).toEqual([]);
      expect(tookMs).toBeLessThan(60_000);
    },
  );
});
