// What is older than it is to be kept goes, and nothing that somebody needs: one rule for each table (W1–W4).

import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import { openDatabase } from "../../src/store/database.ts";
import type { SqlValue } from "../../src/store/literal.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { forgetOld, takeChore } from "../../src/store/retention.ts";
import type { RetentionTerms } from "../../src/store/retention-pass.ts";
import { RETENTION, type Kept } from "../../src/store/retention-policy.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { FATES, putOldRows, putRun, RAISED_AND_NEEDED } from "../support/old-rows.ts";

type DaysTable = {
  [Table in keyof typeof RETENTION]: (typeof RETENTION)[Table] extends { kept: "days" }
    ? Table
    : never;
}[keyof typeof RETENTION];

/** By what its rows are told apart, and those of old-rows.ts that are left in the end. */
interface Left {
  readonly by: string;
  readonly names: readonly string[];
}

const OPEN = ["ended-lately", "held", "reset", "waiting", "terminated-lately"];
const OF_BATCHES = ["item-of-open", "item-of-lately"];
const YOUNG = { names: ["young"] };

const LEFT: Readonly<Record<DaysTable, Left>> = {
  account: {
    by: "key",
    names: [
      ...["batch/batch-lately", "batch/batch-open", "batch/gone-feared", "old-feared", "old-held"],
      ...["session", "young"],
    ],
  },
  artefact_piece: { by: "run_id", names: OPEN },
  batch: { by: "batch_id", names: ["batch-lately", "batch-open"] },
  batch_item: { by: "run_id", names: [...OF_BATCHES, "stray-young"] },
  budget_raise: { by: "account_key", names: RAISED_AND_NEEDED },
  call: { by: "hold_id", names: ["old-feared", "older-feared", "young"] },
  cost_alert: { by: "tenant", ...YOUNG },
  ended_attempt: { by: "run_id", names: OPEN },
  gate_line: { by: "run_id", ...YOUNG },
  gate_tenant: { by: "tenant", ...YOUNG },
  lane_call: { by: "run_id", names: OPEN },
  link: { by: "run_id", names: OPEN },
  message: { by: "run_id", names: [...OPEN, "alone-waiting"] },
  release: { by: "hold_id", ...YOUNG },
  reply: { by: "run_id", names: OPEN },
  run: { by: "run_id", names: [...OPEN, ...OF_BATCHES, "feared"] },
  run_record: {
    by: "run_id",
    names: ["ended-lately", "held", "reset", ...OF_BATCHES, "feared"],
  },
};

onEachDatabase((underTest) => {
  const db = () => underTest().db;
  const asked: string[] = [];
  const terms = (): RetentionTerms => ({
    db: db(),
    keepDays: 30,
    now: new Date(),
    rowsMax: 3,
    share: 1,
    fateOf: async (id) => {
      asked.push(id);
      return FATES[id] ?? { kind: "forgotten" };
    },
  });
  const namesIn = async (table: string): Promise<readonly string[]> => {
    const { by } = LEFT[table as keyof typeof LEFT];
    const text = `select distinct ${by} as name from pawl.${table} order by 1`;
    const rows = await db()<{ name: string }>(Object.assign([text], { raw: [text] }));
    return rows.map(({ name }) => name).toSorted();
  };
  const seeded = new Map<string, readonly string[]>();

  test("every table of the schema has its rule, and every rule its table", async () => {
    const rows = await db()<{ name: string }>`
      select relname as name from pg_class
      where relnamespace = 'pawl'::regnamespace and relkind in ('r', 'p') and not relispartition`;
    expect(Object.keys(RETENTION).toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  });

  test("a pass goes over rows of all ages", async () => {
    await putOldRows(db());
    for (const table of Object.keys(LEFT)) seeded.set(table, await namesIn(table));
    const forgotten = await forgetOld(terms());
    expect(forgotten).toMatchObject({ "call days": 1, calls: 1, runs: 5, batches: 4, items: 2 });
  });

  test.each(Object.keys(LEFT))(
    "of %s what is old and free is gone, and what is needed is there",
    async (table) => {
      const { names } = LEFT[table as keyof typeof LEFT];
      expect(await namesIn(table)).toEqual(names.toSorted());
      expect(seeded.get(table)?.length).toBeGreaterThan(names.length);
    },
  );

  test("W1: Temporal is asked about those alone that left no word of their end", () => {
    const silent = [
      "waiting",
      "terminated",
      "terminated-lately",
      "forgotten",
      "item-of-terminated",
    ];
    const alone = ["alone-forgotten", "alone-waiting"];
    const batches = ["batch-open", "batch-terminated"];
    expect(asked.toSorted()).toEqual([...silent, ...alone, ...batches].toSorted());
  });

  test("W2: feared money whose day was dropped can still be released, and then goes with its run", async () => {
    const ledger = createLedger(db());
    const released = await ledger.settleFeared({
      holdIds: ["old-feared", "older-feared"],
      actualMicroUsd: 0,
      by: "somebody",
      why: "the bill says so",
    });
    expect(released).toEqual({ calls: 2, fearedMicroUsd: 14 });
    await db()`update pawl.run set feared = 0 where run_id = 'feared'`;
    await forgetOld(terms());
    expect(await namesIn("call")).toEqual(["young"]);
    expect(await namesIn("run")).not.toContain("feared");
    expect(await namesIn("run_record")).not.toContain("feared");
  });

  test("W3: a batch that is under way keeps its items, and what came of their runs", async () => {
    for (const table of ["batch_item", "run", "run_record"]) {
      expect(await namesIn(table)).toContain("item-of-open");
    }
  });

  test("W4: what a pass left that was cut short, the next one finds", async () => {
    await putRun(db(), { id: "cut-short", endedDaysAgo: 40 });
    const cut = Object.assign(
      <Row extends object>(strings: TemplateStringsArray, ...values: readonly SqlValue[]) => {
        if (strings.join("").includes("forget_runs")) throw new Error("cut short");
        return db()<Row>(strings, ...values);
      },
      { script: (text: string) => db().script(text), end: () => db().end() },
    );
    await expect(forgetOld({ ...terms(), db: cut })).rejects.toThrow("cut short");
    expect(await namesIn("message")).not.toContain("cut-short");
    expect(await namesIn("run_record")).toContain("cut-short");
    expect(await forgetOld(terms())).toMatchObject({ runs: 1 });
    expect(await namesIn("run_record")).not.toContain("cut-short");
  });

  test("a second pass finds nothing", async () => {
    expect(await forgetOld(terms())).toEqual({});
  });

  test("where Temporal can't be asked, nothing goes that it would have to be asked about", async () => {
    const fateOf = () => Promise.reject(new Error("Temporal is away"));
    await expect(forgetOld({ ...terms(), fateOf })).rejects.toThrow("Temporal is away");
    expect(await namesIn("message")).toContain("waiting");
  });

  test("a pass that is told to stop ends", async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(forgetOld({ ...terms(), signal: stop.signal })).rejects.toThrow("aborted");
  });

  test("a role that may drop no table forgets calls row by row, each partition by its name", async () => {
    if (underTest().name === "PGlite") return;
    await db().script(`
      create role keeper login;
      grant usage on schema pawl to keeper;
      grant select, insert, update, delete on all tables in schema pawl to keeper;
      create table pawl.call_20200101 (like pawl.call including all);
      grant select, delete on pawl.call_20200101 to keeper;
      alter table pawl.call attach partition pawl.call_20200101 for values from ('2020-01-01') to ('2020-01-02');
      insert into pawl.call_20200101 select '2020-01-01', 'in-old-day-' || n, run_id, tenant, session, agent, model, lane,
        attempt, state, amount, spent, n % 2, shares, input_tokens, cache_read_tokens, cache_write_5m_tokens,
        cache_write_1h_tokens, output_tokens, web_search_requests, resolved_at
      from pawl.call, generate_series(1, 8) n`);
    const keeper = openDatabase(
      Object.assign(new URL(underTest().url), { username: "keeper" }).href,
    );
    try {
      expect(await forgetOld({ ...terms(), db: keeper })).toEqual({ calls: 4 });
    } finally {
      await keeper.end();
      await db().script("drop owned by keeper; drop role keeper");
    }
    const feared = [1, 3, 5, 7].map((n) => `in-old-day-${n}`);
    expect(await namesIn("call")).toEqual([...feared, "young"]);
    expect(await forgetOld(terms())).toEqual({ "call days": 1 });
    expect(await namesIn("call")).toEqual([...feared, "young"]);
  });

  test("of many workers one has the turn", async () => {
    const turns = await Promise.all([1, 2, 3, 4].map(() => takeChore(db(), "turn", 3_600_000)));
    expect(turns.filter(Boolean)).toEqual([true]);
    expect(await takeChore(db(), "turn", 3_600_000)).toBe(false);
    await db()`update pawl.chore set due_at = now() - interval '1 second' where name = 'turn'`;
    expect(await takeChore(db(), "turn", 3_600_000)).toBe(true);
  });
});

test("the docs say the rule of every table", () => {
  const docs = readFileSync(packageFile("docs/database.md"), "utf8").replaceAll(/ +/g, " ");
  const unsaid = Object.entries(RETENTION).map(([table, rule]) => rowOf(table, rule));
  expect(unsaid.filter((row) => !docs.includes(row))).toEqual([]);
});

function rowOf(table: string, rule: Kept): string {
  switch (rule.kept) {
    case "days":
      return `| \`${table}\` | days after ${rule.after} | ${rule.unless ?? ""}`;
    case "for good":
    case "while it is used":
      return `| \`${table}\` | ${rule.kept} | ${rule.why} |`;
  }
}
