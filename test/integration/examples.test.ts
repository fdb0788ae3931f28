// examples/client.ts as a user runs it. Node 20 does not run TypeScript, so it is compiled first.

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { startCommand } from "../support/cli-process.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let dir: string;

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  dir = await mkdtemp(join(tmpdir(), "pawl-example-"));
  await copyFile(packageFile("package.json"), join(dir, "package.json"));
  await symlink(packageFile("node_modules"), join(dir, "node_modules"));
  const project = {
    extends: packageFile("tsconfig.json"),
    compilerOptions: { noEmit: false, rootDir: packageFile(""), outDir: dir },
    files: [packageFile("examples/client.ts"), packageFile("src/types/ms.d.ts")],
    include: [],
  };
  await writeFile(join(dir, "tsconfig.json"), JSON.stringify(project));
  const tsc = packageFile("node_modules/typescript/bin/tsc");
  const compiled = await startCommand(process.execPath, [tsc, "-p", dir], process.env).ended;
  expect(compiled).toMatchObject({ exitCode: 0, stdout: "" });
});
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
});

test("the client example starts a run, shows its text as it comes, and reads what it came to", async () => {
  const args = [join(dir, "examples/client.js"), "What is 17 % of 2,340?"];
  const example = await startCommand(process.execPath, args, world.env).ended;
  expect(example).toMatchObject({ exitCode: 0, stdout: "17 % of 2,340 is 397.8." });
  expect(example.stderr).toMatch(/^run_\S+/);
  expect(example.stderr).toContain("calculator: ");
  expect(example.stderr).toMatch(/answered, \$0\.\d+, 23 characters/);
});
