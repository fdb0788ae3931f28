// npm run bench [-- --full | --brief] [-- --database postgres] [-- --only one,many,token,parked,cloud,first,idle]
// [-- --keep DIR] [-- --write]: measures, and prints a Markdown table. With --keep the figures stay in a folder,
// and the table shows all that are there, a column for each Node and database; --print only shows them.

import { parseArgs } from "node:util";
import { packageFile } from "../src/package-root.ts";
import { measureCloud } from "./cloud.ts";
import { keep, kept, type Figures } from "./figures.ts";
import { measureFirstCall } from "./first-call.ts";
import { measureFirstToken } from "./first-token.ts";
import { measureIdleStack } from "./idle-stack.ts";
import { measureManyRuns } from "./many-runs.ts";
import { measureOneRun } from "./one-run.ts";
import { measureParkedRuns } from "./parked-runs.ts";
import { findPlace, table, writeInto } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    brief: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    print: { type: "boolean", default: false },
    keep: { type: "string" },
    database: { type: "string", default: "pglite" },
    only: { type: "string", default: "first,idle,one,token,many,cloud,parked" },
  },
});

const PARKED = { few: 300, many: 900 };
const QUICK = {
  rounds: 6,
  turns: 20,
  runsAtOnce: 50,
  roundsAtOnce: 3,
  idleS: 60,
  parkedRuns: PARKED,
};
const FULL = { ...QUICK, rounds: 30, turns: 40, roundsAtOnce: 9, idleS: 120 };
/** Tells that it works; its figures are worth nothing. */
const BRIEF = {
  ...{ rounds: 1, turns: 4, runsAtOnce: 5, roundsAtOnce: 1, idleS: 5 },
  parkedRuns: { few: 10, many: 30 },
};
const SIZE = values.brief ? BRIEF : values.full ? FULL : QUICK;
const { rounds, turns, runsAtOnce, roundsAtOnce, idleS, parkedRuns } = SIZE;
const TURNS_AT_ONCE = 10;
/** A first token is short, and its time has a wide spread. */
const TOKENS_PER_ROUND = 5;

const wanted = new Set(values.only.split(","));

async function measured<T>(
  name: string,
  saying: string,
  look: () => Promise<T>,
): Promise<T | null> {
  if (!wanted.has(name)) return null;
  process.stderr.write(`${saying} …\n`);
  return await look();
}

async function measure(): Promise<Figures> {
  const database = values.database === "postgres" ? "postgres" : "pglite";
  const firstCall = await measured("first", "The first word after npm start", measureFirstCall);
  const idle = await measured("idle", "An idle stack", () => measureIdleStack(idleS));
  const alone = {
    node: process.versions.node,
    database,
    runsAtOnce,
    firstCall,
    idle,
    ...{ oneRun: null, firstToken: null, manyRuns: null, cloud: null, parked: null },
  };
  if (["one", "token", "many", "cloud", "parked"].every((name) => !wanted.has(name))) return alone;
  const stage = await openStage(database, turns);
  try {
    return { ...alone, ...(await onStage(stage)) };
  } finally {
    await stage.close();
  }
}

async function onStage(
  stage: Stage,
): Promise<Pick<Figures, "oneRun" | "firstToken" | "manyRuns" | "cloud" | "parked">> {
  const many = { runs: runsAtOnce, turns: TURNS_AT_ONCE, rounds: roundsAtOnce };
  return {
    oneRun: await measured("one", "One run", () => measureOneRun(stage, { rounds, turns })),
    firstToken: await measured("token", "The first token at the gateway", () =>
      measureFirstToken(stage, rounds * TOKENS_PER_ROUND),
    ),
    manyRuns: await measured("many", `${runsAtOnce} runs at once`, () =>
      measureManyRuns(stage, many),
    ),
    cloud: await measured("cloud", "Billable actions", () => measureCloud(stage)),
    // Last: its runs wait for ever.
    parked: await measured("parked", `${parkedRuns.many} runs parked`, () =>
      measureParkedRuns(stage, parkedRuns),
    ),
  };
}

const readme = packageFile("README.md");
if (values.write) await findPlace(readme);
const figures = values.print ? null : await measure();
if (figures !== null && values.keep !== undefined) keep(values.keep, figures);
const text = table(
  values.keep === undefined ? (figures === null ? [] : [figures]) : kept(values.keep),
);
process.stdout.write(`${text}\n`);
if (values.write) await writeInto(readme, text);
// Streams of the plain client are kept alive.
process.exit(0);
