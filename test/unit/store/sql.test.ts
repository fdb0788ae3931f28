import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { packageFile } from "../../../src/package-root.ts";
import { repositoryFiles } from "../../support/repository.ts";
import { editedSteps, SQL_RULES, type SqlFile, type SqlFiles } from "../../support/sql-rules.ts";

const ROOT = "src/store/sql";

function filesIn(folder: string): readonly SqlFile[] {
  return repositoryFiles()
    .filter(({ path }) => path.startsWith(`${ROOT}/${folder}/`))
    .map(({ path, text }) => ({ name: path.split("/").at(-1)?.replace(".sql", "") ?? "", text }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const files: SqlFiles = { tables: filesIn("tables"), functions: filesIn("functions") };

describe("the SQL of Pawl", () => {
  test("is where it is looked for", () => {
    expect(files.tables.length).toBeGreaterThan(5);
    expect(files.functions.length).toBeGreaterThan(5);
  });

  test.each(Object.entries(SQL_RULES))("%s", (_, rule) => {
    expect(rule(files)).toEqual([]);
  });

  test("steps that were released are as they were", () => {
    expect(editedSteps(releasedSteps(), files.tables)).toEqual([]);
  });
});

/** Those of the last tag; none, where nothing has been released. */
function releasedSteps(): readonly SqlFile[] {
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: packageFile(""), encoding: "utf8" });
  const [tag] = git("tag", "--list", "v*", "--sort=-creatordate").split("\n");
  if (tag === undefined || tag === "") return [];
  const paths = git("ls-tree", "--name-only", tag, `${ROOT}/tables/`).split("\n").filter(Boolean);
  return paths.map((path) => ({
    name: path.split("/").at(-1)?.replace(".sql", "") ?? "",
    text: git("show", `${tag}:${path}`),
  }));
}

const TABLE = "create table pawl.hold (id text);";
const func = (name: string, body = "select 1", rest = ""): string =>
  `create or replace function pawl.${name}() returns integer language sql ${rest}as $$ ${body} $$;`;

interface Plant {
  readonly rule: string;
  readonly step?: string;
  readonly name?: string;
  readonly code?: string;
}

const PLANTS: readonly Plant[] = [
  { rule: "numbered", step: "select 1;", name: "03-more" },
  { rule: "numbered", step: "select 1;", name: "02_more" },
  { rule: "dear", step: "drop table pawl.hold;" },
  { rule: "dear", step: "-- Far above.\n\nalter table pawl.hold alter column id type bigint;" },
  { rule: "dear", step: "alter table pawl.hold rename id to name;" },
  { rule: "dear", step: "update pawl.hold set id = '';" },
  { rule: "transactions", step: "set statement_timeout = '30s';" },
  { rule: "transactions", step: "select set_config('lock_timeout', '1h', true);" },
  { rule: "transactions", step: "commit;" },
  { rule: "an index", step: "create index by_id on pawl.hold (id);" },
  { rule: "an index", step: "create unique index on pawl.hold using btree (id);" },
  { rule: "outside", step: "create index concurrently if not exists by_id on pawl.hold (id);" },
  { rule: "outside", step: "-- concurrently\ncreate index concurrently by_id on pawl.hold (id);" },
  { rule: "outside", step: "-- concurrently\nalter table pawl.hold add more text;" },
  { rule: "constraint", step: "alter table pawl.hold add check (id <> '');" },
  {
    rule: "constraint",
    step: "alter table pawl.hold add constraint a foreign key (id) references pawl.hold (id);",
  },
  { rule: "nothing else", code: "drop function pawl.a();" },
  {
    rule: "nothing else",
    code: "create function pawl.a() returns integer language sql as $$ select 1 $$;",
  },
  { rule: "once", code: `${func("a")}\n${func("a", "select 2")}` },
  { rule: "lines", code: func("a", "\n".repeat(80)) },
  { rule: "owner's rights", code: func("a", "select 1", "security definer ") },
  { rule: "qualified", code: func("a", "select count(*) from hold") },
  { rule: "qualified", code: `${func("a")}\n${func("b", "select a()")}` },
  {
    rule: "qualified",
    step: "create table pawl.more (id text references hold (id), paid micro_usd);",
  },
  { rule: "qualified", step: "create index by_id on hold (id);" },
];

const GOOD: readonly Plant[] = [
  { rule: "", step: "-- Nobody reads it any more.\ndrop table pawl.hold;" },
  { rule: "", step: "create table pawl.more (id text);\ncreate index by_id on pawl.more (id);" },
  {
    rule: "",
    step: "-- concurrently\n-- For the list.\ncreate index concurrently if not exists by_id on pawl.hold (id);",
  },
  { rule: "", step: "alter table pawl.hold add constraint a check (id <> '') not valid;" },
  { rule: "", code: func("a", "select 1", "security definer set search_path = '' ") },
  { rule: "", code: func("a", "with held as (select ';' as hold) select hold.id from pawl.hold") },
];

describe("the rules can fail", () => {
  const planted = ({ step, name = "02-more", code = "" }: Plant): SqlFiles => ({
    tables: [
      { name: "01-money", text: TABLE },
      ...(step === undefined ? [] : [{ name, text: step }]),
    ],
    functions: [{ name: "all", text: code }],
  });
  const broken = (plant: Plant): string[] =>
    Object.entries(SQL_RULES).flatMap(([title, rule]) =>
      rule(planted(plant)).length === 0 ? [] : [title],
    );

  test.each(PLANTS)("%j", (plant) => {
    expect(broken(plant)).toContainEqual(expect.stringContaining(plant.rule));
  });

  test.each(GOOD)("%j breaks none", (plant) => {
    expect(broken(plant)).toEqual([]);
  });

  test("a step that was released and reads otherwise, or is gone, is named", () => {
    const before = [
      { name: "01-a", text: "a" },
      { name: "02-b", text: "b" },
      { name: "03-c", text: "c" },
    ];
    const now = [...before.slice(0, 1), { name: "02-b", text: "b -- edited" }];
    expect(editedSteps(before, now)).toEqual(["02-b", "03-c"]);
  });
});
