// The figures as a Markdown table, and its place in the README.

import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { format } from "prettier";
import type { FirstCall } from "./first-call.ts";
import type { FirstToken } from "./first-token.ts";
import type { ManyRuns } from "./many-runs.ts";
import type { OneRun } from "./one-run.ts";
import type { ParkedRuns } from "./parked-runs.ts";

export interface Figures {
  readonly database: string;
  readonly oneRun: OneRun;
  readonly firstToken: FirstToken;
  readonly manyRuns: ManyRuns;
  readonly runsAtOnce: number;
  readonly parked: ParkedRuns;
  readonly firstCall: FirstCall;
}

export function table(figures: Figures): string {
  const { oneRun, firstToken, manyRuns, runsAtOnce, parked, firstCall } = figures;
  const { pawl, bare, rawMs, ratio } = oneRun;
  const rows: readonly (readonly string[])[] = [
    ["", "Pawl", "bare Temporal loop", "Pawl / bare"],
    ["---", "---:", "---:", "---:"],
    [
      `ms a turn above the plain API call (${rawMs.toFixed(1)} ms), one run`,
      (pawl.msPerTurn - rawMs).toFixed(1),
      (bare.msPerTurn - rawMs).toFixed(1),
      ratio.toFixed(2),
    ],
    [
      "events of history a turn",
      pawl.eventsPerTurn.toFixed(1),
      bare.eventsPerTurn.toFixed(1),
      (pawl.eventsPerTurn / bare.eventsPerTurn).toFixed(2),
    ],
    [
      `first token through gateway and SSE, above the plain stream (${firstToken.rawMs.toFixed(0)} ms)`,
      `${firstToken.addedMs.toFixed(0)} ms`,
      "",
      "",
    ],
    ["… from `POST /v1/runs`", `${firstToken.wholeMs.toFixed(0)} ms`, "", ""],
    [
      `turns a second, ${runsAtOnce} runs at once`,
      manyRuns.pawlTurnsPerS.toFixed(0),
      manyRuns.bareTurnsPerS.toFixed(0),
      manyRuns.ratio.toFixed(2),
    ],
    [
      `memory of a worker with ${parked.runs} runs parked`,
      `${parked.parkedMb.toFixed(0)} MB (idle ${parked.idleMb.toFixed(0)} MB; ${parked.kbPerRun.toFixed(0)} KB a run)`,
      "",
      "",
    ],
    ["the model's first word after `npm start`, stack running", seconds(firstCall.warmS), "", ""],
    ["… after `pawl stop`", seconds(firstCall.stoppedS), "", ""],
    ["… on an empty folder", seconds(firstCall.freshS), "", ""],
  ];
  return [...rows.map((cells) => `| ${cells.join(" | ")} |`), "", machine(figures)].join("\n");
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function machine({ database }: Figures): string {
  const [cpu] = cpus();
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  return (
    `Measured on ${cpus().length} × ${cpu?.model.trim() ?? "CPU"}, ${memoryGb} GB, Node ${process.versions.node}, ` +
    `with Temporal's dev server, ${database} and the offline model on the same machine. A turn is a model call and a ` +
    "calculation; the bare loop is two activities a turn with no ledger, transcript or live text, in a worker with the same settings; " +
    "rounds alternate, medians are shown. Repeat it with `npm run bench` (`-- --full` for more rounds, `-- --write` to put the table here)."
  );
}

const PLACE = /(<!-- bench:start -->\n)[^]*(<!-- bench:end -->)/;

/** Throws where the marks are missing: better now than after the measurements. */
export async function findPlace(file: string): Promise<void> {
  if (!PLACE.test(await readFile(file, "utf8"))) {
    throw new Error(`${file} has no marks bench:start and bench:end`);
  }
}

/** Between the two marks of the file. */
export async function writeInto(file: string, text: string): Promise<void> {
  const before = await readFile(file, "utf8");
  const after = before.replace(
    PLACE,
    (_all, start: string, end: string) => `${start}\n${text}\n\n${end}`,
  );
  // Columns are as wide as the figures: without this the format check would be red after a bench.
  await writeFile(file, await format(after, { parser: "markdown" }));
}
