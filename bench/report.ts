// The figures as a Markdown table, a column for each Node and database, and its place in the README.

import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { format } from "prettier";
import { totalOf } from "./actions.ts";
import { CLOUD_RATES } from "./cloud-rates.ts";
import { actionsOf, type Cloud } from "./cloud.ts";
import type { Figures } from "./figures.ts";
import type { ManyRuns } from "./many-runs.ts";
import { sumOf, type PartOfTurn } from "./processor.ts";

interface Row {
  readonly name: string;
  readonly cell: (figures: Figures) => string | null | undefined;
}

const PART_ROWS: readonly (readonly [PartOfTurn, string])[] = [
  ["worker", "worker"],
  ["temporal", "Temporal"],
  ["database", "database"],
  ["client", "client"],
  ["model", "model"],
];

const CLOUD_TURNS = 10;
const CLOUD_REPLY_S = 10;

const ROWS: readonly Row[] = [
  {
    name: "processor ms a turn, many runs at once, sum",
    cell: ({ manyRuns: many }) =>
      many && pair(sumOf(many.pawl.processorMs), sumOf(many.bare.processorMs), many.processorRatio),
  },
  ...PART_ROWS.map(([part, name]) => ({
    name: `… ${name}`,
    cell: ({ manyRuns }: Figures) => manyRuns && partCell(manyRuns, part),
  })),
  {
    name: "turns a second, many runs at once",
    cell: ({ manyRuns: many }) =>
      many && pair(many.pawl.turnsPerS, many.bare.turnsPerS, many.speedRatio),
  },
  {
    name: "ms a turn, one run",
    cell: ({ oneRun: one }) => one && pair(one.pawl.msPerTurn, one.bare.msPerTurn, one.ratio),
  },
  { name: "… the plain API call alone", cell: ({ oneRun }) => oneRun?.rawMs.toFixed(1) },
  {
    name: "events of history a turn",
    cell: ({ oneRun: one }) => one && pair(one.pawl.eventsPerTurn, one.bare.eventsPerTurn),
  },
  {
    name: "workflow tasks a turn",
    cell: ({ oneRun: one }) =>
      one && pair(one.pawl.workflowTasksPerTurn, one.bare.workflowTasksPerTurn),
  },
  {
    name: "first token through gateway and SSE, above the plain stream",
    cell: ({ firstToken }) => firstToken && `${firstToken.addedMs.toFixed(0)} ms`,
  },
  {
    name: "… from `POST /v1/runs`",
    cell: ({ firstToken }) => firstToken && `${firstToken.wholeMs.toFixed(0)} ms`,
  },
  {
    name: "worker memory a parked run",
    cell: ({ parked }) =>
      parked &&
      `${parked.kbPerRun.toFixed(0)} kB (${parked.few} → ${parked.many} runs: ${parked.fewMb.toFixed(0)} → ${parked.manyMb.toFixed(0)} MB; none: ${parked.idleMb.toFixed(0)} MB)`,
  },
  { name: "idle local stack, of a core", cell: ({ idle }) => idle && idleCell(idle) },
  {
    name: "the model's first word after `npm start`, stack running",
    cell: ({ firstCall }) => firstCall && seconds(firstCall.warmS),
  },
  {
    name: "… after `pawl stop`",
    cell: ({ firstCall }) => firstCall && seconds(firstCall.stoppedS),
  },
  { name: "… on an empty folder", cell: ({ firstCall }) => firstCall && seconds(firstCall.freshS) },
  {
    name: "Temporal Cloud: actions a turn",
    cell: ({ cloud }) => cloud && pair(totalOf(cloud.turn), totalOf(cloud.bareTurn)),
  },
  { name: "… of them", cell: ({ cloud }) => cloud && namedCounts(cloud.turn) },
  {
    name: "… heartbeats in 10 s of a reply",
    cell: ({ cloud }) => cloud && pair(cloud.heartbeats, cloud.bareHeartbeats),
  },
  {
    name: "… bytes of history a turn",
    cell: ({ cloud }) =>
      cloud &&
      `${cloud.historyBytesPerTurn.toFixed(0)} / ${cloud.bareHistoryBytesPerTurn.toFixed(0)}`,
  },
  {
    name: `… a run of ${CLOUD_TURNS} replies of ${CLOUD_REPLY_S} s`,
    cell: ({ cloud }) => cloud && runInCloud(cloud),
  },
];

/** `Pawl / bare` in each cell. */
export function table(all: readonly Figures[]): string {
  const heads = all.map(({ node, database }) => `Node ${node.split(".")[0]}, ${nameOf(database)}`);
  const rows = [
    ["Pawl / bare Temporal loop", ...heads],
    ["---", ...heads.map(() => "---:")],
    ...ROWS.map(({ name, cell }) => [name, ...all.map((figures) => cell(figures) ?? "")]).filter(
      ([, ...cells]) => cells.some((cell) => cell !== ""),
    ),
  ];
  return [...rows.map((cells) => `| ${cells.join(" | ")} |`), "", caption(all)].join("\n");
}

function pair(pawl: number, bare: number, ratio?: number): string {
  const figures = `${pawl.toFixed(1)} / ${bare.toFixed(1)}`;
  return ratio === undefined ? figures : `${figures} = **${ratio.toFixed(2)}**`;
}

function partCell({ pawl, bare }: ManyRuns, part: PartOfTurn): string {
  const of = bare.processorMs[part].toFixed(1);
  return `${pawl.processorMs[part].toFixed(1)} / ${part === "database" ? "–" : of}`;
}

function idleCell(idle: Readonly<Record<string, number>>): string {
  const sum = Object.values(idle).reduce((all, percent) => all + percent, 0);
  const each = Object.entries(idle).map(([name, percent]) => `${name} ${percent.toFixed(2)}`);
  return `${sum.toFixed(2)} % (${each.join(", ")})`;
}

function namedCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => Math.abs(count) >= 0.05)
    .map(([name, count]) => `${name} ${count.toFixed(1)}`)
    .join(", ");
}

function runInCloud(cloud: Cloud): string {
  const actions = actionsOf(cloud, CLOUD_TURNS, CLOUD_REPLY_S);
  return `${actions.toFixed(0)} actions, $${(actions * CLOUD_RATES.actionUsd).toFixed(5)}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function nameOf(database: string): string {
  return database === "postgres" ? "PostgreSQL" : "PGlite";
}

function caption(all: readonly Figures[]): string {
  const [cpu] = cpus();
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  const runs = all[0]?.runsAtOnce ?? 0;
  return (
    `Measured on ${cpus().length} × ${cpu?.model.trim() ?? "CPU"}, ${memoryGb} GB, with Temporal's dev server, the database (fsync off) and the ` +
    `offline model on the same machine; many runs are ${runs}. A turn is a model call and a calculation; the bare loop is two ` +
    "activities a turn, the call through the same SDK of the provider, with no ledger, transcript or live text, in a worker with the SDK's defaults. " +
    "Rounds alternate, medians are shown; processor time is that of each process as Linux counts it. " +
    `Temporal Cloud: at $${(CLOUD_RATES.actionUsd * 1_000_000).toFixed(0)} a million actions (${CLOUD_RATES.asOf}). Repeat it with \`npm run bench\` (CONTRIBUTING.md).`
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
