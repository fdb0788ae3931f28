// The README's story on what docker-compose.yml describes: Temporal's own server, PostgreSQL with the roles of
// deploy/, a worker and a gateway as other users than the owner; then every part of it dies and comes back.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { approval, waitingCalls } from "../support/approvals.ts";
import { runPawl, startCommand } from "../support/cli-process.ts";
import type { CliRun } from "../support/cli.ts";
import { keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import type { Process } from "../support/processes.ts";
import { blockWith } from "../support/readme.ts";
import { openRealWorld, startRealStack, type RealStack } from "../support/real-stack.ts";
import type { World } from "../support/world.ts";

jest.setTimeout(240_000);

let dir: string;
let stack: RealStack;
let world: World;
let worker: Process;
let gateway: GatewayProcess;
let key: string;
/** Of a person: commands, budgets, approvals. */
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-story-"));
  stack = await startRealStack();
  world = await openRealWorld(stack, { env: { PAWL_FILES_DIR: join(dir, "files") } });
  worker = await world.startWorker();
  key = await keyFor(world, "local", "runs:read", "runs:write");
  gateway = await startGateway(world, {
    door: "keys",
    env: { DATABASE_URL: stack.urlOf("gateway") },
  });
  env = { ...world.env, DATABASE_URL: stack.urlOf("operator") };
}, 45 * 60_000);
afterAll(async () => {
  await gateway?.process.kill();
  await world?.close();
  await stack?.close();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

/** A block of the README: what it reads of the local stack's folder is put in, files are the test's. */
async function run(words: string): Promise<CliRun> {
  const script = blockWith(words)
    .text.replace(/^base=.*$/m, `base=${gateway.url}; auth="Authorization: Bearer ${key}"`)
    .replace(/^model=.*$/m, `model=${world.model.url}`)
    .replace(/"\$\(node -p .*children\.worker"\)"/, String(worker.pid))
    .replaceAll(".pawl/files", join(dir, "files"))
    .replaceAll("results.jsonl", join(dir, "results.jsonl"))
    .replaceAll("run.json", join(dir, "run.json"))
    // Of a local stack alone.
    .replaceAll(/^npx pawl (stop|restart).*$/gm, "");
  return await startCommand("bash", ["-euo", "pipefail", "-c", script], env).ended;
}

test("the scripts of deploy/ can be run again, at any time", async () => {
  await stack.script("setup-schema.sh");
  await stack.script("create-namespace.sh");
  expect(await stack.command("operator", "search-attribute", "list", "-n", "pawl")).toMatch(
    /PawlTurns +Int/,
  );
});

test("the namespace job makes a namespace and its columns at the first try", async () => {
  for (const name of ["first", "second", "third"]) {
    await stack.script("create-namespace.sh", { TEMPORAL_NAMESPACE: name });
    const listed = await stack.command("operator", "search-attribute", "list", "-n", name);
    expect(listed).toMatch(/PawlCostUsd +Double/);
  }
});

test("a worker that comes with a namespace nobody prepared serves its first run", async () => {
  const namespace = "hasty";
  await stack.command("operator", "namespace", "create", "-n", namespace);
  const hasty = await world.startWorker({ TEMPORAL_NAMESPACE: namespace });
  const ran = await runPawl(["run", "What is 2 + 3?"], { ...env, TEMPORAL_NAMESPACE: namespace });
  expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("5") });
  await hasty.stop();
});

describe("the README's blocks", () => {
  test("doctor finds everything", async () => {
    const { stdout, exitCode } = await runPawl(["doctor"], env);
    expect(stdout).toMatch(/✓ temporal: .*namespace pawl/);
    expect(stdout).toMatch(/✓ search attributes: /);
    expect(stdout).toMatch(/✓ postgres: /);
    expect(exitCode).toBe(0);
  });

  test.each<[string, RegExp]>([
    ["--max-cost 0.05", /144[^]*169/],
    ["pawl budget set", /tenant_day +acme +\$25\.00/],
    ["pawl batch", /4 of 4 ended · 4 answered[^]*196/],
    ["pawl approve", /hello$/],
    ["pawl doctor", /42[^]*\{"type":"result".*"answer":"[^"]*5/],
    ["Idempotency-Key", /event: reply\.delta[^]*event: run\.ended[^]*\{"status":"done",[^]*397\.8/],
  ])("%s", async (words, shown) => {
    const { stdout, stderr, exitCode } = await run(words);
    expect({ exitCode, stderr, stdout: stdout.trimEnd() }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(shown),
    });
  });

  test("a worker is killed in the middle of a reply, and the run is answered", async () => {
    const revived = worker.ended.then(() => world.startWorker());
    const { exitCode, stdout, stderr } = await run("kill -9");
    worker = await revived;
    expect(stdout).toContain("397.8");
    expect(stderr).toMatch(/crash tax \$0\.0\d+, for attempts that were lost/);
    expect(exitCode).toBe(0);
  });
});

describe("a question to a person outlives the death of", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["Temporal's server, by kill -9", () => stack.server.kill().then(() => stack.server.start())],
    ["Temporal's server, by SIGTERM", () => stack.server.stop().then(() => stack.server.start())],
    ["PostgreSQL, at once", () => stack.postgres.crash().then(() => stack.postgres.start())],
    [
      "all of them",
      async () => {
        await Promise.all([worker.kill(), stack.server.kill(), stack.postgres.crash()]);
        await stack.postgres.start();
        await stack.server.start();
        worker = await world.startWorker();
      },
    ],
  ])("%s", async (_, fault) => {
    const begun = await runPawl(["run", "--detach", 'Write "hello" to the file notes.txt.'], env);
    const [runId = ""] = begun.stdout.split("\n");
    const [pending] = await waitingCalls(world.client, runId);
    await fault();
    await stack.isBack();
    await world.client.decide(runId, approval(pending));
    const { exitCode, stderr } = await runPawl(["attach", runId], env);
    expect(stderr).toContain("answered");
    expect(exitCode).toBe(0);
  });
});
