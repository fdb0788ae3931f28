// The package as it is published: what is in its tarball, that it installs into an empty folder, and that what
// docs/library.md shows runs there.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stopStack } from "../../src/dev/ensure-stack.ts";
import { packageFile } from "../../src/package-root.ts";
import { startCommand } from "../support/cli-process.ts";
import { installIn, packPawl, type Project, type Tarball } from "../support/installed-pawl.ts";
import { until } from "../support/processes.ts";
import { nightlyTest } from "../support/tier.ts";
import { openWorld } from "../support/world.ts";

jest.setTimeout(300_000);

const PAGE = readFileSync(packageFile("docs/library.md"), "utf8");
const programs = [...PAGE.matchAll(/```js (?<path>\S+)\n(?<text>[^]*?)```/g)].map(({ groups }) => ({
  path: groups?.["path"] ?? "",
  text: groups?.["text"] ?? "",
}));
const commands = [...PAGE.matchAll(/(-->\n\n)?```sh\n([^]*?)\n```/g)]
  .filter(([, isExcused]) => isExcused === undefined)
  .map(([, , command = ""]) => command);

let tarball: Tarball;
let project: Project;

beforeAll(async () => {
  tarball = await packPawl();
  project = await installIn(tarball);
  for (const { path, text } of programs) project.write(path, text);
});
afterAll(async () => {
  if (project !== undefined) await stopStack(join(project.dir, ".pawl"));
  project?.remove();
  tarball?.remove();
});

/** Of a development dependency. */
async function runTool(bin: string, args: readonly string[]) {
  const entry = packageFile(join("node_modules", bin));
  return await startCommand(process.execPath, [entry, ...args], process.env).ended;
}

describe("the tarball", () => {
  test("holds what a user runs, and nothing of the workshop", () => {
    const needed = [
      ...["bin/pawl.js", "dist/src/cli/main.js", "dist/workflow-bundle.js", "LICENSE"],
      ...["dist/src/gateway/page/index.html", "src/corpus/corpus.jsonl", "README.md"],
      ...["src/store/sql/tables/01-money.sql", "offline-model/messages.schema.json"],
    ];
    expect(needed.filter((path) => !tarball.files.includes(path))).toEqual([]);
    const odd = /^(test|bench|examples|\.ci|dist\/(test|bench|fuzz|page|planted))|(?<!\.d)\.ts$/;
    expect(tarball.files.filter((path) => odd.test(path))).toEqual([]);
  });

  test("is what publint and attw take for a sound package of ES modules", async () => {
    const linted = await runTool("publint/src/cli.js", [tarball.path, "--strict"]);
    expect(linted.stdout + linted.stderr).toContain("All good!");
    const args = [tarball.path, "--profile", "esm-only", "--no-emoji"];
    const typed = await runTool("@arethetypeswrong/cli/dist/index.js", args);
    expect(typed).toMatchObject({ exitCode: 0 });
    expect(typed.stdout).toContain("pawl/testing");
  });

  test("has no script that an install would run", () => {
    const { scripts } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    // `prepare` is for a clone: npm does not run it for a tarball.
    const atInstall = ["preinstall", "install", "postinstall"];
    expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  });
});

describe("what docs/library.md shows, in a folder with nothing but the tarball", () => {
  test("each command of it is run below", () => {
    const tried = ["app.mjs", "ask.mjs", "reports/worker.mjs", "clerk.test.mjs"];
    expect(commands.map((command) => command.split(" ").at(-1))).toEqual(tried);
  });

  test("a program of 15 lines has a tool, an agent and an answer", async () => {
    const app = programs.find(({ path }) => path === "app.mjs");
    expect(app?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
    const { exitCode, stdout, stderr } = await project.run("node", ["app.mjs"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("12 of bolts are left.");
  });

  test("a client streams an answer, and is told what it did wrong", async () => {
    const { exitCode, stdout } = await project.run("node", ["ask.mjs"]);
    expect(stdout).toMatch(/397\.8[^]*\nanswered, \$0\.0\d+\nIDEMPOTENCY_MISMATCH\n$/);
    expect(exitCode).toBe(0);
  });

  test("the page of the gateway is there with all of its parts", async () => {
    const { gatewayUrl } = JSON.parse(
      readFileSync(join(project.dir, ".pawl/stack.json"), "utf8"),
    ) as { gatewayUrl: string };
    // Nobody who starts a run waits for it.
    const page = await until(
      "the gateway serves",
      () => fetch(gatewayUrl).catch(() => null),
      60_000,
    );
    expect(page.status).toBe(200);
    const library = await fetch(`${gatewayUrl}/page/vendor/preact.js`);
    expect(library.status).toBe(200);
    expect(await library.text()).toContain("export");
  });

  test("a workflow of a worker's own starts a run as its child, and has its typed result", async () => {
    const world = await openWorld();
    try {
      const worker = await project.run("node", ["reports/worker.mjs"], world.env);
      expect(worker.stdout).toMatch(/report: '.*It rains in Rome\.', costUsd: 0\.\d+/);
      expect(worker.exitCode).toBe(0);
      const runs = await world.client.list();
      expect(runs).toMatchObject([{ agent: "reporter", tenant: "local" }]);
    } finally {
      await world.close();
    }
  });

  test("a test has a world of its own, with replies and faults on order", async () => {
    const { exitCode, stdout } = await project.run("node", ["--test", "clerk.test.mjs"]);
    expect(stdout).toMatch(/# pass 1\n/);
    expect(exitCode).toBe(0);
  });

  test("types say what a program may do, and what it may not", async () => {
    project.write("typed.ts", TYPED);
    project.write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: STRICT, files: ["typed.ts"] }),
    );
    const tsc = packageFile("node_modules/typescript/bin/tsc");
    const { exitCode, stdout } = await project.run("node", [tsc, "-p", project.dir]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  });

  nightlyTest.each(["20", "22", "24"])("all of it runs on Node %s", async (version) => {
    const on = ["-y", "-p", `node@${version}`, "node"];
    const node = async (...args: string[]) => await project.run("npx", [...on, ...args]);
    expect((await node("-p", "process.version")).stdout).toMatch(new RegExp(`^v${version}\\.`));
    expect((await node("app.mjs")).stdout).toContain("12 of bolts are left.");
    expect(await node("--test", "clerk.test.mjs")).toMatchObject({ exitCode: 0 });
    const world = await openWorld();
    try {
      const worker = await project.run("npx", [...on, "reports/worker.mjs"], world.env);
      expect(worker).toMatchObject({ exitCode: 0 });
      expect(worker.stdout).toContain("It rains in Rome.");
    } finally {
      await world.close();
    }
  });
});

const STRICT = {
  ...{ module: "nodenext", strict: true, noEmit: true, skipLibCheck: true, types: ["node"] },
  ...{ exactOptionalPropertyTypes: true, target: "es2022" },
};

const TYPED = `
import { defineTool, openPawl, z, type RunResult } from "pawl";
import { pawlPlugin, startWorker, type OwnWorker } from "pawl/worker";
import { runAgent } from "pawl/workflows";
import { openWorld, type ScriptedReply } from "pawl/testing";
import type { WorkerPlugin } from "@temporalio/worker";

export const double = defineTool({
  name: "double",
  description: "Twice as much.",
  input: z.object({ n: z.number() }),
  permission: "read",
  effect: "pure",
  execute: ({ n }, { progress }) => (progress("on it", 0.5), n * 2),
});
export const plugins: WorkerPlugin[] = [pawlPlugin({ tools: [double] })];
export const child = async (): Promise<RunResult> => await runAgent({ task: "Two?" });
export const answer = async (): Promise<string | null> =>
  (await (await openPawl()).runToEnd({ task: "Two?" })).answer;
export const worker = async (): Promise<OwnWorker> => await startWorker({ tools: [double] });
export const reply: ScriptedReply = { reply: { text: "Four." } };
export const scripted = async () => await (await openWorld()).model.script([reply]);

// @ts-expect-error -- there is no such permission
export const high: Parameters<typeof defineTool>[0]["permission"] = "highest";
// @ts-expect-error -- a run needs a task
export const idle = () => runAgent({ agent: "assistant" });
// @ts-expect-error -- there is no such fault
export const odd = async () => await (await openWorld()).model.faults([{ kind: "earthquake" }]);
`;

test("whatever the entries of the package name is there", () => {
  const { exports } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const paths = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  );
  expect(paths.filter((path) => !existsSync(packageFile(path)))).toEqual([]);
});
