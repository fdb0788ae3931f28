// npm run bench [-- --full] [-- --write] [-- --database postgres]: measures, prints a Markdown table,
// and puts it into the README where that is asked for.

import { parseArgs } from "node:util";
import { packageFile } from "../src/package-root.ts";
import { measureFirstCall } from "./first-call.ts";
import { measureFirstToken } from "./first-token.ts";
import { measureManyRuns } from "./many-runs.ts";
import { measureOneRun } from "./one-run.ts";
import { measureParkedRuns } from "./parked-runs.ts";
import { findPlace, table, writeInto, type Figures } from "./report.ts";
import { openStage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    database: { type: "string", default: "pglite" },
  },
});

const QUICK = { rounds: 6, turns: 20, runsAtOnce: 50, roundsAtOnce: 2, parked: 500 };
const FULL = { ...QUICK, rounds: 30, turns: 40, roundsAtOnce: 8 };
const { rounds, turns, runsAtOnce, roundsAtOnce, parked } = values.full ? FULL : QUICK;
const TURNS_AT_ONCE = 10;
/** A first token is short, and its time has a wide spread. */
const TOKENS_PER_ROUND = 5;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function measure(): Promise<Figures> {
  say("The first word after npm start …");
  const firstCall = await measureFirstCall();
  const database = values.database === "postgres" ? "postgres" : "pglite";
  const stage = await openStage(database, turns);
  try {
    say("One run …");
    const oneRun = await measureOneRun(stage, { rounds, turns });
    say("The first token at the gateway …");
    const firstToken = await measureFirstToken(stage, rounds * TOKENS_PER_ROUND);
    say(`${runsAtOnce} runs at once …`);
    const manyRuns = await measureManyRuns(stage, {
      runs: runsAtOnce,
      turns: TURNS_AT_ONCE,
      rounds: roundsAtOnce,
    });
    say(`${parked} runs parked …`);
    return {
      database: database === "postgres" ? "PostgreSQL" : "PGlite",
      oneRun,
      firstToken,
      manyRuns,
      runsAtOnce,
      parked: await measureParkedRuns(stage, parked),
      firstCall,
    };
  } finally {
    await stage.close();
  }
}

const readme = packageFile("README.md");
if (values.write) await findPlace(readme);
const text = table(await measure());
process.stdout.write(`${text}\n`);
if (values.write) await writeInto(readme, text);
// Streams of the plain client are kept alive.
process.exit(0);
