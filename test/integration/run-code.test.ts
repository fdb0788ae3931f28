// run_code in a whole run: the model writes a program and runs it, reads what it printed, and is told by what it was
// killed. Where no lock holds that is strong enough the tool is not offered, and those who look are told why.

import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { checkServices } from "../../src/dev/doctor-services.ts";
import { createHealth } from "../../src/gateway/health.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

const TASK = "Write and run a function to add 2 + 2.";

let world: World;
let files: string;
beforeEach(async () => {
  files = mkdtempSync(join(tmpdir(), "pawl-run-code-"));
  world = await openWorld({
    workerMain: "test/support/coder-worker.mjs",
    env: {
      PAWL_TOOL_POLICY: "write_file=allow,run_code=allow",
      PAWL_TOOL_TIMEOUT_MS: "60000",
      // As people have them: a scripted reply that came too late would be asked for again, and is used up.
      PAWL_FIRST_BYTE_TIMEOUT_MS: "30000",
      PAWL_IDLE_TIMEOUT_MS: "30000",
      PAWL_PROGRESS_TIMEOUT_MS: "60000",
      PAWL_HEARTBEAT_TIMEOUT_MS: "20000",
      PAWL_FILES_DIR: files,
    },
  });
});
afterEach(async () => {
  await world.close();
  rmSync(files, { recursive: true, force: true });
});

interface Call {
  readonly name: string;
  readonly input: object;
}

async function play(calls: readonly Call[], answer: string) {
  const turns = calls.map((call) => ({ reply: { toolCalls: [call] } }));
  await world.model.script([...turns, { reply: { text: answer } }]);
  const order = { task: TASK, agent: "coder", tenant: "test", session: "test" };
  const { runId } = await world.client.start(order);
  const used: string[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "tool.finished") used.push(`${event.tool}${event.isError ? " failed" : ""}`);
  }
  const result = await world.client.result(runId);
  const sent = JSON.stringify(await world.model.requests());
  return { runId, result, used, sent };
}

test("a function is written into a file, run, and its result is in the answer", async () => {
  await world.startWorker();
  const content = "def add(a, b):\n    return a + b\n";
  const code =
    'from add import add\nprint(add(2, 2))\nopen("sum.txt", "w").write(str(add(2, 2)))\n';
  const { runId, result, used, sent } = await play(
    [
      { name: "write_file", input: { path: "add.py", content } },
      { name: "run_code", input: { language: "python", code } },
    ],
    "2 + 2 = 4",
  );
  expect(used).toEqual(["write_file", "run_code"]);
  expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 2 });
  expect(result.answer).toContain("4");
  expect(sent).toMatch(/stdout\W+4\b/);
  expect(sent).toMatch(/files\W+sum\.txt/);
  expect(readFileSync(join(files, "test", runId, "sum.txt"), "utf8")).toBe("4");
});

test("a program that is killed is an answer like any other, and the run goes on", async () => {
  await world.startWorker();
  const code = "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1));";
  const again = "console.log(await Promise.resolve(6 * 7));";
  const { result, used, sent } = await play(
    [
      { name: "run_code", input: { language: "javascript", code } },
      { name: "run_code", input: { language: "javascript", code: again } },
    ],
    "Done.",
  );
  expect(used).toEqual(["run_code", "run_code"]);
  expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 2 });
  expect(sent).toMatch(/killed\W+memory: it used more than 256 MiB/);
  expect(sent).toMatch(/stdout\W+42\b/);
});

test("where no lock holds that is strong enough the tool is not offered, and it is said why", async () => {
  const env = { PAWL_SANDBOX_MIN_TIER: "bwrap", PATH: "/nowhere" };
  const worker = await world.startWorker(env);
  await worker.line("sandbox_missing");
  const { used, sent } = await play([], "I can't.");
  expect(used).toEqual([]);
  expect(sent).toContain('"write_file"');
  expect(sent).not.toContain('"run_code"');
  const config = readConfig(world.env);
  const checks = await checkServices(undefined, config, world.env);
  expect(checks.find(({ name }) => name === "sandbox")).toMatchObject({
    status: "warn",
    detail: expect.stringContaining("bubblewrap is not installed"),
  });
  const { checks: deep } = await createHealth(world.client, world.db, config).report();
  expect(deep["sandbox"]).toMatchObject({
    status: "failing",
    detail: expect.stringContaining("PAWL_SANDBOX_MIN_TIER=bwrap"),
  });
});
