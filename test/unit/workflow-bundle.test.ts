import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { bundleWorkflowCode } from "@temporalio/worker";
import { packageFile } from "../../src/package-root.ts";

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** What may run inside the sandbox: the workflows, the domain, pure names, and Temporal with what it stands on. */
const ALLOWED = [
  /^workflows\//,
  /^src\/domain\//,
  /^src\/temporal\/(names|columns|queues|run-start)\.ts$/,
  /^node_modules\/@temporalio\/(workflow|common)\//,
  /^node_modules\/(nexus-rpc|ms|long)\//,
];

/** Paths of all modules in a bundle, from its inlined source map; webpack's own runtime left out. */
async function modulesOf(workflowsPath: string): Promise<string[]> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: SILENT });
  const encoded = code.slice(code.lastIndexOf("base64,") + "base64,".length);
  const map = JSON.parse(Buffer.from(encoded, "base64").toString()) as { sources: string[] };
  const root = packageFile("/");
  return map.sources
    .filter((source) => source.startsWith(root))
    .map((source) => source.slice(root.length));
}

const foreign = (modules: readonly string[]): string[] =>
  modules.filter((module) => !ALLOWED.some((allowed) => allowed.test(module)));

describe("the bundle of the workflows", () => {
  test("holds nothing but workflows, domain and Temporal", async () => {
    const modules = await modulesOf(packageFile("workflows/index.ts"));
    expect(modules).toContain("workflows/agent-run.ts");
    expect(modules).toContain("src/domain/limits.ts");
    expect(foreign(modules)).toEqual([]);
  });
});

describe("a workflow that reaches for what it may not have", () => {
  // Inside the repository, so that its imports resolve as those of a workflow do.
  mkdirSync(packageFile("dist"), { recursive: true });
  const dir = mkdtempSync(packageFile("dist/planted-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  function planted(name: string, code: string): string {
    const path = join(dir, `${name}.ts`);
    writeFileSync(path, `${code}\nexport async function planted() {}\n`);
    return path;
  }

  test.each([
    ["files", 'import { readFileSync } from "node:fs";\nreadFileSync("x");'],
    ["client", 'import { Client } from "@temporalio/client";\nnew Client();'],
    ["config", 'import { readConfig } from "../../src/config.ts";\nreadConfig({});'],
  ])("does not even bundle: %s", async (name, code) => {
    await expect(modulesOf(planted(name, code))).rejects.toThrow();
  });

  test.each([
    ["zod", 'import { z } from "zod";\nz.string();', "node_modules/zod/"],
    [
      "activities",
      'import { previewOf } from "../../activities/preview.ts";\npreviewOf({});',
      "activities/",
    ],
  ])("is seen in the list of modules: %s", async (name, code, found) => {
    const modules = foreign(await modulesOf(planted(name, code)));
    expect(modules).toContainEqual(expect.stringContaining(found));
  });
});
