import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SHIPPED_MODELS } from "../../../src/domain/model-table.ts";
import { openLiveProject, type LiveProject } from "../../../src/project/live-project.ts";
import type { Project } from "../../../src/project/load-project.ts";
import { mistakeText } from "../../../src/project/mistake.ts";
import { until } from "../../support/processes.ts";
import { newProject, writeFiles } from "../../support/projects.ts";

const around = { models: SHIPPED_MODELS, builtIn: [{ name: "calculator" }], elsewhere: [] };

let dir: string;
let live: LiveProject | undefined;
const loads: Project[] = [];

async function open(reloads: boolean): Promise<LiveProject> {
  live = await openLiveProject({ dir, around, reloads, onLoad: (one) => void loads.push(one) });
  return live;
}

beforeEach(() => {
  loads.length = 0;
  dir = newProject({
    "agents/one.yaml": "instructions: first\n",
    "agents/two.yaml": "instructions_file: two.md\n",
    "agents/two.md": "second",
  });
});
afterEach(() => {
  live?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Those of Pawl's own aside. */
async function told(project: LiveProject): Promise<Record<string, string>> {
  const agents = (await project.agents.list()).filter(({ name }) => name !== "assistant");
  return Object.fromEntries(agents.map(({ name, instructions }) => [name, instructions]));
}

test("the next run gets what was edited, added, taken away, or stands in a file that an agent names", async () => {
  const project = await open(true);
  expect(await told(project)).toEqual({ one: "first", two: "second" });
  writeFiles(dir, { "agents/one.yaml": "instructions: first, mended\n" });
  expect(await told(project)).toEqual({ one: "first, mended", two: "second" });
  writeFiles(dir, {
    "agents/two.md": "second, mended",
    "agents/three.yaml": "instructions: third\n",
  });
  expect(await told(project)).toEqual({
    ...{ one: "first, mended", two: "second, mended", three: "third" },
  });
  rmSync(join(dir, "agents/one.yaml"));
  expect(await told(project)).toEqual({ two: "second, mended", three: "third" });
});

test("what was right stays in service while its file is broken, and is told; what never was is not served", async () => {
  const project = await open(true);
  writeFiles(dir, {
    "agents/one.yaml": "instructions: [first\n",
    "agents/two.yaml": "instructions: second\ntools: [no_such_tool]\n",
    "agents/three.yaml": "instruction: third\n",
  });
  expect(await told(project)).toEqual({ one: "first", two: "second" });
  const { mistakes, keptOld } = project.loaded;
  expect([...new Set(mistakes.map(({ file }) => file))].toSorted()).toEqual([
    ...["agents/one.yaml", "agents/three.yaml", "agents/two.yaml"],
  ]);
  expect(keptOld.toSorted()).toEqual(["agents/one.yaml", "agents/two.yaml"]);
  expect(project.agents.whyNot("three").join(" ")).toContain(
    "agents/three.yaml:1: There is no field",
  );
  expect(project.agents.whyNot("four")).toEqual([]);

  // Broken again, and in another way: it is still the first that is served.
  writeFiles(dir, { "agents/one.yaml": "instructions: 7\n" });
  expect(await told(project)).toEqual({ one: "first", two: "second" });
  writeFiles(dir, { "agents/one.yaml": "instructions: mended\n" });
  expect(await told(project)).toMatchObject({ one: "mended" });
});

test("a mistake is seen while nobody opens a run", async () => {
  await open(true);
  writeFiles(dir, { "agents/one.yaml": "instructions: first\ntier: cheap\n" });
  const seen = await until("the project is loaded again", () => loads.at(-1)?.mistakes[0]);
  expect(mistakeText(seen)).toBe(
    'agents/one.yaml:2: tier is "cheap". It is one of simple, medium, complex.',
  );
});

test("nothing is loaded again where nothing has changed, nor in a fleet at all", async () => {
  const project = await open(true);
  await told(project);
  await told(project);
  expect(loads).toHaveLength(1);
  project.stop();
  const inFleet = await open(false);
  writeFiles(dir, { "agents/one.yaml": "instructions: other\n" });
  expect(await told(inFleet)).toMatchObject({ one: "first" });
});
