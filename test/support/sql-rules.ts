// What the files of src/store/sql keep to, so that a migration can be applied under calls, can be read, and
// means the same under every search_path. Each rule takes files and returns what breaks it.

import { statementsOf, type Statement } from "./sql-statements.ts";

export interface SqlFile {
  /** Without `.sql`. */
  readonly name: string;
  readonly text: string;
}

export interface SqlFiles {
  readonly tables: readonly SqlFile[];
  readonly functions: readonly SqlFile[];
}

type Rule = (files: SqlFiles) => readonly string[];

const FUNCTION_LINES_MAX = 80;
const DEFINITION = /^create or replace (?:function|procedure) pawl\.(\w+)\s*\(/;
/** What loses data, locks a table for as long as it is rewritten or read through, or breaks the Pawl before. */
const DEAR =
  /\bdrop (table|column|schema)\b|\balter (column )?\S+ (set data )?type\b|\bset not null\b|\brename\b|\btruncate\b|\bdelete from\b|^update\b/i;

const lower = ({ head }: Statement): string => head.toLowerCase().replaceAll(/\s+/g, " ");
const isConcurrent = ({ text }: SqlFile): boolean => text.startsWith("-- concurrently\n");
const each = (
  files: readonly SqlFile[],
  rule: (statement: Statement, file: SqlFile) => boolean,
): readonly string[] =>
  files.flatMap((file) =>
    statementsOf(file.text)
      .filter((statement) => rule(statement, file))
      .map(({ head }) => `${file.name}: ${head.split("\n")[0]}`),
  );

const numberedWithoutGaps: Rule = ({ tables }) =>
  tables
    .map(({ name }, index) => ({ name, wanted: String(index + 1).padStart(2, "0") }))
    .filter(({ name, wanted }) => !new RegExp(`^${wanted}-[a-z]+(-[a-z]+)*$`).test(name))
    .map(({ name, wanted }) => `${name}: is to be ${wanted}-…`);

const saysWhyItIsDear: Rule = ({ tables }) =>
  each(tables, (statement) => DEAR.test(lower(statement)) && statement.comment === "");

const leavesTransactionsAndTimeoutsAlone: Rule = ({ tables }) =>
  each(tables, (statement) =>
    /^(begin|start transaction|commit|rollback|set|reset)\b|_timeout\b/.test(lower(statement)),
  );

const indexesWhatIsThereConcurrently: Rule = ({ tables }) =>
  tables.flatMap((file) => {
    const own = createdIn([file]);
    return each([file], (statement) => {
      const [, how = "", table = ""] =
        /^create (?:unique )?index (concurrently if not exists )?.* ?\bon (?:only )?pawl\.(\w+)/.exec(
          lower(statement),
        ) ?? [];
      return table !== "" && !own.has(table) && how === "";
    });
  });

const concurrentStepsDoNothingElse: Rule = ({ tables }) =>
  each(tables, (statement, file) => {
    const isOne =
      /^(create (unique )?index concurrently if not exists|drop index concurrently if exists) /.test(
        lower(statement),
      );
    return isOne !== isConcurrent(file);
  });

/** Rows that are there are looked at later: `alter table … validate constraint`, which lets calls go on. */
const constraintsOnWhatIsThereAreNotValid: Rule = ({ tables }) =>
  tables.flatMap((file) => {
    const own = createdIn([file]);
    return each([file], (statement) => {
      const [, table = "", rest = ""] =
        /^alter table (?:only )?pawl\.(\w+) (.*)$/.exec(lower(statement)) ?? [];
      const adds = /\badd (constraint \S+ )?(check|foreign key)\b/.test(rest);
      return adds && !own.has(table) && !/\bnot valid\b/.test(rest);
    });
  });

const definesFunctionsAlone: Rule = ({ functions }) =>
  each(functions, (statement) => !DEFINITION.test(statement.head));

const definesEachFunctionOnce: Rule = ({ functions }) => {
  const names = definedIn(functions);
  return names.filter((name, index) => names.indexOf(name) !== index);
};

const functionsAreShort: Rule = ({ functions }) =>
  each(functions, ({ lines }) => lines > FUNCTION_LINES_MAX);

/** Whoever calls it could bring names of his own to what runs with the rights of the owner. */
const bindsTheNamesOfDefiners: Rule = ({ functions }) =>
  each(functions, (statement) => {
    const head = lower(statement);
    return head.includes("security definer") && !/\bset search_path\b/.test(head);
  });

const qualifiesEveryName: Rule = (files) => {
  const all = [...files.tables, ...files.functions];
  const table = anyOf([...createdIn(all)]);
  const called = anyOf(definedIn(files.functions));
  const bare = [
    `\\b(?:from|join|update|into|table|references|truncate|rowtype) (?:only |if (?:not )?exists )?(?:${table})\\b(?!\\.)`,
    `\\bindex (?:concurrently )?(?:if not exists )?\\w+ on (?:only )?(?:${table})\\b`,
    `(?<![\\w.])(?:${called})\\(`,
    `(?<![\\w.])micro_usd\\b`,
  ];
  return all.flatMap(({ name, text }) =>
    statementsOf(text).flatMap(({ sql }) => {
      const flat = sql.toLowerCase().replaceAll(/\s+/g, " ");
      return bare.flatMap((pattern) =>
        Array.from(flat.matchAll(new RegExp(pattern, "g")), ([found]) => `${name}: ${found}`),
      );
    }),
  );
};

export const SQL_RULES: Readonly<Record<string, Rule>> = {
  "steps are numbered from 01, without gaps": numberedWithoutGaps,
  "what is dear or loses something says why": saysWhyItIsDear,
  "steps leave transactions and timeouts to who applies them": leavesTransactionsAndTimeoutsAlone,
  "an index on a table that is there is made concurrently": indexesWhatIsThereConcurrently,
  "a step outside of a transaction makes indexes, each if it is not there":
    concurrentStepsDoNothingElse,
  "a constraint on a table that is there is not valid at first":
    constraintsOnWhatIsThereAreNotValid,
  "files of functions define functions, and nothing else": definesFunctionsAlone,
  "each function is defined once": definesEachFunctionOnce,
  [`a function has at most ${FUNCTION_LINES_MAX} lines`]: functionsAreShort,
  "what runs with the owner's rights says where it finds its names": bindsTheNamesOfDefiners,
  "every name of ours is qualified, whatever the search_path": qualifiesEveryName,
};

/** Steps of `before` that are gone or read otherwise now. */
export function editedSteps(before: readonly SqlFile[], now: readonly SqlFile[]): string[] {
  const texts = new Map(now.map(({ name, text }) => [name, text]));
  return before.filter(({ name, text }) => texts.get(name) !== text).map(({ name }) => name);
}

function createdIn(files: readonly SqlFile[]): ReadonlySet<string> {
  const heads = files.flatMap(({ text }) => statementsOf(text).map(lower));
  const names = heads.map(
    (head) => /^create (?:unlogged )?table (?:if not exists )?(?:pawl\.)?(\w+)/.exec(head)?.[1],
  );
  return new Set(names.filter((name) => name !== undefined));
}

/** Of no words none, and not the empty one. */
function anyOf(words: readonly string[]): string {
  return words.length === 0 ? "(?!)" : words.join("|");
}

function definedIn(files: readonly SqlFile[]): readonly string[] {
  return files.flatMap(({ text }) =>
    statementsOf(text).flatMap(({ head }) => DEFINITION.exec(head)?.[1] ?? []),
  );
}
