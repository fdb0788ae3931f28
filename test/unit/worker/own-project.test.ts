import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readConfig, type Config } from "../../../src/config.ts";
import { readReport } from "../../../src/project/project-report.ts";
import type { EventName, TelemetryEvent } from "../../../src/telemetry/event.ts";
import type { Telemetry } from "../../../src/telemetry/telemetry.ts";
import { openProject } from "../../../src/worker/own-project.ts";
import { newProject } from "../../support/projects.ts";

let dir: string;
let config: Config;
const told: TelemetryEvent[] = [];
const telemetry = { emit: (event: TelemetryEvent) => told.push(event) } as unknown as Telemetry;
const toldAs = (name: EventName): number => told.filter(({ event }) => event === name).length;

beforeEach(() => {
  told.length = 0;
  dir = newProject({
    "agents/right.yaml": "instructions: You are right.\ntools: [calculator, own_tool]\n",
    "agents/wrong.yaml": "instructions: You are wrong.\ntools: [no_such_tool]\n",
    "agents/worse.yaml": "instruction: You are worse.\n",
  });
  config = readConfig({ PAWL_PROJECT_DIR: dir });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const tools = [{ spec: { name: "own_tool" } }] as never;

test("in a fleet no worker starts with a mistake in its project, and all of them are told at once", async () => {
  await expect(openProject(config, telemetry, { tools, reportFile: undefined })).rejects.toThrow(
    expect.objectContaining({
      code: "CONFIG",
      message: expect.stringMatching(
        /is not usable\. agents\/worse\.yaml:1: .+ agents\/wrong\.yaml:2: There is no tool no_such_tool\./,
      ),
    }),
  );
});

test("on the local stack what is right is served, and the rest is told in the log and in the report", async () => {
  const reportFile = join(dir, "project.json");
  const project = await openProject(config, telemetry, { tools, reportFile });
  try {
    const agents = await project?.agents.list();
    expect(agents?.map(({ name }) => name)).toEqual(["right", "assistant"]);
    expect(toldAs("project_mistake")).toBe(3);
    expect(toldAs("project_loaded")).toBe(1);
    expect(readReport(reportFile)).toMatchObject({ agents: ["right"], tools: [], keptOld: [] });
    expect(readReport(reportFile)?.mistakes).toHaveLength(3);
  } finally {
    project?.stop();
  }
});

test("without a project there is nothing to serve, and nothing is told", async () => {
  expect(await openProject(readConfig({}), telemetry, { tools, reportFile: undefined })).toBeNull();
  expect(told).toEqual([]);
});
