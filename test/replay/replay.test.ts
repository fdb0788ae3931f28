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

describe("a workflow that closes a run before it opens it", () => {
  // Inside the repository, so that its imports resolve as those of the real one do.
  mkdirSync(packageFile("dist"), { recursive: true });
  const dir = mkdtempSync(packageFile("dist/planted-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  it("differs from every recorded run", async () => {
    for (const folder of ["workflows", "src/domain"]) {
      cpSync(packageFile(folder), join(dir, folder), { recursive: true });
    }
    const story = join(dir, "workflows/agent-run.ts");
    const text = readFileSync(story, "utf8");
    const planted = text.replace("{ openRun }", "{ closeRun: openRun }");
    expect(planted).not.toBe(text);
    writeFileSync(story, planted);
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
