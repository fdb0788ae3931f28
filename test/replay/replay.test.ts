// The guard of determinism: today's workflow takes the same steps as the recorded runs, and a
// workflow that takes others is found out.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { bundleWorkflowCode } from "@temporalio/worker";
import { packageFile } from "../../src/package-root.ts";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import type { RunExport } from "../../src/client/run-client.ts";
import { replayHistories } from "../../src/worker/replay.ts";
import { checkDecisions, historiesIn } from "../support/decided-history.ts";
import { SCENARIOS } from "./scenarios.ts";

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
const HISTORIES = packageFile("test/replay/histories");

describe("recorded runs", () => {
  it.each(SCENARIOS.map(({ name }) => name))("%s replays to the same steps", async (name) => {
    const reports = await replayHistories([join(HISTORIES, `${name}.json`)]);
    expect(reports.map(({ error }) => error)).toEqual(reports.map(() => null));
  });
});

describe("H1: at each step of a recorded run", () => {
  const runs = SCENARIOS.filter(({ name }) => name !== "batch" && name !== "undone");

  it.each(runs.map(({ name }) => name))("the rules decide what was done in %s", async (name) => {
    const { steps, differences } = await checkDecisions(recordedRun(name));
    expect(differences).toEqual([]);
    expect(steps).toBeGreaterThan(1);
  });

  it("what goes along to a fresh history is what its history tells", async () => {
    const checked = await Promise.all(runs.map(({ name }) => checkDecisions(recordedRun(name))));
    expect(checked.reduce((sum, { moves }) => sum + moves, 0)).toBeGreaterThanOrEqual(20);
  });
});

function recordedRun(name: string): HistoryEvent[][] {
  const { histories }: RunExport = JSON.parse(
    readFileSync(join(HISTORIES, `${name}.json`), "utf8"),
  );
  return historiesIn(histories);
}

describe("workflows that do one thing in the place of another", () => {
  // Inside the repository, so that its imports resolve as those of the real one do.
  mkdirSync(packageFile("dist"), { recursive: true });
  const dir = mkdtempSync(packageFile("dist/planted-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  function plant(file: string, what: string, instead: string): void {
    const story = join(dir, file);
    const text = readFileSync(story, "utf8");
    const planted = text.replace(what, instead);
    expect(planted).not.toBe(text);
    writeFileSync(story, planted);
  }

  it("differ from everything that was recorded", async () => {
    for (const folder of ["workflows", "src/domain", "src/temporal"]) {
      cpSync(packageFile(folder), join(dir, folder), { recursive: true });
    }
    plant("workflows/run/books.ts", "{ openRun }", "{ closeRun: openRun }");
    plant("workflows/agent-batch.ts", ").openBatch(", ").closeBatch(");
    plant("workflows/undo-run.ts", ").recordUndo(", ").closeRun(");
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: join(dir, "workflows/index.ts"),
      logger: SILENT,
    });
    const reports = await replayHistories([HISTORIES], { workflowBundle });
    const first = reports.filter(({ workflowId }) => workflowId.endsWith("#0"));
    expect(first).toHaveLength(SCENARIOS.length);
    for (const { error } of first) expect(error).toMatch(/determinis/i);
  }, 120_000);
});
