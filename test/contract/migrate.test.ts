import { beforeEach, describe, expect, test } from "@jest/globals";
import postgres from "postgres";
import { openDatabase } from "../../src/store/database.ts";
import { migrate, type MigrateOptions } from "../../src/store/migrate.ts";
import { functionSet, readSchema, tableStep, type Schema } from "../../src/store/migrations.ts";
import { checkSchema } from "../../src/store/schema-state.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { until } from "../support/processes.ts";

const REAL = readSchema();
const ALL = [...REAL.tables.map(({ name }) => name), "functions"];

/** The real schema and one step more. */
function withStep(sql: string, name = "99-more"): Schema {
  return { ...REAL, tables: [...REAL.tables, tableStep({ name, sql })] };
}

/** The real tables, and functions by these names or as written. */
function withFunctions(...sql: readonly string[]): Schema {
  return { ...REAL, functions: functionSet(sql.join("\n")) };
}

const one = (name: string, returns = "integer"): string =>
  `create or replace function pawl.${name}() returns ${returns} language sql as $$ select 1 $$;`;

onEachDatabase((underTest) => {
  const db = () => underTest().db;
  const again = (options?: MigrateOptions) => migrate(underTest().url, options);

  beforeEach(() => db().script("drop schema if exists pawl cascade"));

  async function functionNames(): Promise<readonly string[]> {
    const rows = await db()<{ readonly name: string }>`
      select proname::text as name from pg_proc
      where pronamespace = 'pawl'::regnamespace order by proname`;
    return rows.map(({ name }) => name);
  }

  test("N1: of many that start at once on an empty database, one applies each step", async () => {
    const applied = await Promise.all(Array.from({ length: 6 }, () => again()));
    expect(applied.flat().toSorted()).toEqual(ALL.toSorted());
    await expect(checkSchema(db())).resolves.toBeUndefined();
  });

  test("N1: a step that fails leaves nothing behind, and those before it stay", async () => {
    const schema = withStep("create table pawl.half (id integer); select 1 / 0;");
    await expect(again({ schema })).rejects.toThrow(/division by zero/);
    const rows = await db()`
      select to_regclass('pawl.half') as half, (select count(*)::int from pawl.migration) as steps`;
    expect(rows).toEqual([{ half: null, steps: REAL.tables.length }]);
    expect(await again()).toEqual(["functions"]);
  });

  test("N2: what a step does has no deadline, whatever the role was given", async () => {
    await again();
    const slow = new URL(underTest().url);
    slow.searchParams.set("statement_timeout", "100");
    const schema = withStep("select pg_sleep(0.5)");
    expect(await migrate(slow.href, { schema })).toEqual(["99-more"]);
    const own = openDatabase(underTest().url, { connectionsMax: 1, timeoutMs: 100 });
    await expect(own.script("select pg_sleep(0.5)")).resolves.toBeUndefined();
    await own.end();
  });

  test("N3: functions are replaced, and those that no file holds any more are gone", async () => {
    await again({ schema: withFunctions(one("stays"), one("goes")) });
    const oidOf = () => db()`select 'pawl.stays'::regproc::oid::int as oid`;
    const before = await oidOf();
    const schema = withFunctions(one("comes"), one("stays"));
    expect(await again({ schema })).toEqual(["functions"]);
    expect(await functionNames()).toEqual(["comes", "stays"]);
    expect(await oidOf()).toEqual(before);
    expect(await again({ schema })).toEqual([]);
  });

  test("N3: one whose result has another type now takes the place of the old one", async () => {
    await again({ schema: withFunctions(one("it", "integer")) });
    expect(await again({ schema: withFunctions(one("it", "bigint")) })).toEqual(["functions"]);
    expect(await db()`select pg_typeof(pawl.it())::text as type`).toEqual([{ type: "bigint" }]);
  });

  test("N3: one that calls what is not there is refused, and all stay as they were", async () => {
    await again();
    const before = await functionNames();
    const broken =
      "create or replace function pawl.bad() returns text language sql as 'select pawl.nowhere()';";
    await expect(again({ schema: withFunctions(broken) })).rejects.toThrow(/nowhere/);
    expect(await functionNames()).toEqual(before);
  });

  test("functions may call each other, in whatever order their files stand", async () => {
    const calls =
      "create or replace function pawl.a() returns integer language sql as 'select pawl.b()';";
    expect(await again({ schema: withFunctions(calls, one("b")) })).toEqual(ALL);
    expect(await db()`select pawl.a() as answer`).toEqual([{ answer: 1 }]);
  });

  describe("a schema of another Pawl is refused by name", () => {
    const [first, ...rest] = REAL.tables;
    const edited = tableStep({ name: "01-money", sql: `${first?.sql ?? ""}-- edited` });
    test.each<[string, Schema, RegExp]>([
      ["a step was edited", { ...REAL, tables: [edited, ...rest] }, /01-money was applied with an/],
      [
        "a step is not known here",
        { ...REAL, tables: REAL.tables.slice(0, -1) },
        /does not know 1/,
      ],
      [
        "a number is another step's",
        { ...REAL, tables: [tableStep({ name: "01-other", sql: "" }), ...rest] },
        /step 01-other was 01-money there/,
      ],
    ])("%s", async (_, schema, why) => {
      await again();
      const refused = { code: "SCHEMA_FOREIGN", message: expect.stringMatching(why) };
      await expect(again({ schema })).rejects.toMatchObject(refused);
      await expect(checkSchema(db(), schema)).rejects.toMatchObject(refused);
      await expect(checkSchema(db())).resolves.toBeUndefined();
    });
  });

  test("functions of a newer Pawl stay where an older one starts again", async () => {
    const newer = { ...REAL, functions: functionSet(one("newer"), "10.0.0") };
    await again({ schema: newer });
    const older = { ...REAL, functions: functionSet(one("older"), "9.12.3") };
    const refused = {
      code: "SCHEMA_FOREIGN",
      message: expect.stringMatching(/this one is 9\.12\.3, and its functions are of 10\.0\.0/),
    };
    await expect(again({ schema: older })).rejects.toMatchObject(refused);
    expect(await functionNames()).toEqual(["newer"]);
    const next = { ...REAL, functions: functionSet(one("next"), "10.0.1") };
    expect(await again({ schema: next })).toEqual(["functions"]);
  });

  test("who only looks is told what is due", async () => {
    const behind = (why: RegExp) => ({
      code: "SCHEMA_BEHIND",
      message: expect.stringMatching(why),
    });
    await expect(checkSchema(db())).rejects.toMatchObject(behind(/has no schema of Pawl yet/));
    await again();
    const schema = { ...withStep("select 1"), functions: functionSet(one("a")) };
    await expect(checkSchema(db(), schema)).rejects.toMatchObject(
      behind(/due are 99-more, functions/),
    );
  });

  describe("an index that is made concurrently", () => {
    const SQL =
      "-- concurrently\n-- Why.\ncreate index concurrently if not exists by_model on pawl.hold (model);\n" +
      "create index concurrently if not exists by_turn on pawl.hold (attempt);\n";
    const indexes = () => db()`
      select relname::text as name, indisvalid as valid from pg_index join pg_class c on c.oid = indexrelid
      where relname in ('by_model', 'by_turn') order by 1`;
    const both = ["by_model", "by_turn"].map((name) => ({ name, valid: true }));

    test("is there once, however many start at once", async () => {
      await again();
      const schema = withStep(SQL);
      const applied = await Promise.all([1, 2, 3].map(() => again({ schema })));
      // On PGlite all clients are one session, and so hold its lock together: what they do is done twice.
      if (underTest().name === "PostgreSQL") expect(applied.flat()).toEqual(["99-more"]);
      expect(await indexes()).toEqual(both);
    });

    test("takes the place of one that was left half-made", async () => {
      await again();
      await db()`create index by_model on pawl.hold (model)`;
      await db()`update pg_index set indisvalid = false where indexrelid = 'pawl.by_model'::regclass`;
      expect(await again({ schema: withStep(SQL) })).toEqual(["99-more"]);
      expect(await indexes()).toEqual(both);
    });
  });

  describe("while others work", () => {
    const isOneSession = () => underTest().name === "PGlite";

    test("N2: a step steps aside for calls while a table is another's, and comes when it is free", async () => {
      if (isOneSession()) return;
      await again();
      const reader = postgres(underTest().url, { max: 1 });
      const schema = withStep("alter table pawl.hold add more text");
      try {
        await reader.unsafe("begin; select * from pawl.hold");
        await expect(again({ schema, patienceMs: 0 })).rejects.toMatchObject({
          code: "BACKEND_UNREACHABLE",
          message: expect.stringMatching(/99-more .* not applied: a long transaction/),
        });
        const waits: string[] = [];
        const migrating = again({ schema, onWait: (message) => waits.push(message) });
        await until("it waits for the table", async () => {
          const rows = await db()`select 1 from pg_locks where not granted`;
          return rows.length > 0;
        });
        // Behind the step that waits; without its timeout this would wait for as long as the reader.
        await expect(db()`select count(*) from pawl.hold`).resolves.toHaveLength(1);
        await until("it says that it waits", async () => waits.length > 0);
        await reader.unsafe("commit");
        expect(await migrating).toEqual(["99-more"]);
        expect(waits).toEqual([expect.stringMatching(/^Step 99-more of the schema waits: a long/)]);
      } finally {
        await reader.end();
      }
    });

    test("N1: while another process is at it, it waits for that one; with no patience it says so", async () => {
      if (isOneSession()) return;
      const other = postgres(underTest().url, { max: 1 });
      try {
        await other.unsafe("begin; select pg_advisory_xact_lock(7295401)");
        await expect(again({ patienceMs: 0 })).rejects.toMatchObject({
          code: "BACKEND_UNREACHABLE",
          message: expect.stringMatching(/01-money .*another process is at it/),
        });
        const migrating = again();
        await other.unsafe("commit");
        expect(await migrating).toEqual(ALL);
      } finally {
        await other.end();
      }
    });

    test.each([
      ["for a moment, nothing is told", 60_000, 0],
      ["for longer, it is told once", 0, 1],
    ])("while another process is at it %s", async (_, momentMs, times) => {
      if (isOneSession()) return;
      const other = postgres(underTest().url, { max: 1 });
      try {
        await other.unsafe("begin; select pg_advisory_xact_lock(7295401)");
        const waits: string[] = [];
        const migrating = again({ momentMs, onWait: (message) => waits.push(message) });
        let tries = new Set<unknown>();
        await until("it has tried, and tried again", async () => {
          const rows = await db()<{ readonly query_start: Date }>`
            select query_start from pg_stat_activity
            where query like '%pg_try_advisory_xact_lock%' and pid <> pg_backend_pid()`;
          tries = new Set([...tries, ...rows.map(({ query_start }) => String(query_start))]);
          return tries.size > 2;
        });
        await other.unsafe("commit");
        expect(await migrating).toEqual(ALL);
        expect(waits).toHaveLength(times);
      } finally {
        await other.end();
      }
    });
  });
});
