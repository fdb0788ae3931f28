// The guard of determinism: today's workflow takes the same steps as the recorded runs, and a
// workflow that takes others is found out.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { bundleWorkflowCode } from "@temporalio/worker";
import { packageFile } from "../../src/package-root.ts";
import { replayHistories } from "../../src/worker/replay.ts";
import { SCENARIOS } from "./scenarios.ts";

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
const HISTORIES = packageFile("test/replay/histories");

describe("recorded runs", () => {
  it.each(SCENARIOS.map(({ name }) => name))("%s replays to the same steps", async (name) => {
    const reports = await replayHistories([join(HISTORIES, `${name}.json`)]);
    expect(reports.map(({ error }) => error)).toEqual(reports.map(() => null));
  });
});

describe("workflows that close a run or a batch before they open it", () => {
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
    plant("workflows/agent-run.ts", "{ openRun }", "{ closeRun: openRun }");
    plant("workflows/agent-batch.ts", "{ openBatch }", "{ closeBatch: openBatch }");
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
