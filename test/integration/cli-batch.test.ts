// `pawl batch` as a shell sees it, with the file of examples that docs/batch.md shows.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { pawlIn } from "../support/cli.ts";
import { startPawl } from "../support/cli-process.ts";
import { linesOf } from "../support/cli.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(240_000);

let world: World;
let dir: string;

beforeAll(async () => {
  // Replies are held back for as long as a test likes.
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  dir = mkdtempSync(join(tmpdir(), "pawl-batch-"));
});
beforeEach(() => world.model.reset());
afterAll(async () => {
  await world?.close();
  rmSync(dir, { recursive: true, force: true });
});

function fileOf(name: string, tasks: readonly string[]): string {
  const file = join(dir, name);
  writeFileSync(file, tasks.map((task) => `${JSON.stringify({ task })}\n`).join(""));
  return file;
}

test("the example file is worked through, and its answers stand in the order of its lines", async () => {
  const file = join(dir, "tasks.jsonl");
  copyFileSync(packageFile("examples/tasks.jsonl"), file);
  const run = await pawlIn(world, ["batch", file, "--max-cost", "1", "--key", "example"]);
  expect({ exitCode: run.exitCode, stderr: run.stderr }).toMatchObject({ exitCode: 0 });
  expect(run.stdout).toMatch(/^4 of 4 ended · 4 answered · \$0\.\d+ of \$1\.00 · [\d.]+ s\n$/);
  const results = linesOf(readFileSync(join(dir, "tasks.results.jsonl"), "utf8"));
  expect(results).toMatchObject([
    { id: "vat", outcome: { kind: "answered" }, answer: expect.stringContaining("397.8") },
    { id: "dozen", answer: expect.stringContaining("144") },
    { id: "earth", answer: expect.stringContaining("8.1 billion") },
    { id: "4", answer: expect.stringContaining("5"), partial: false },
  ]);

  const requests = (await world.model.requests()).length;
  const again = await pawlIn(world, ["batch", file, "--max-cost", "1", "--key", "example"]);
  expect(again).toMatchObject({ exitCode: 0, stdout: run.stdout });
  expect(again.stderr).toContain("This key has been used before: showing its batch.");
  const other = await pawlIn(world, ["batch", file, "--max-cost", "2", "--key", "example"]);
  expect(other.exitCode).toBe(2);
  expect(other.stderr).toContain("This key belongs to batch_");
  expect((await world.model.requests()).length).toBe(requests);
});

test("kill -9 of the command loses nothing: the batch is attached to again by its id", async () => {
  await world.model.script([{ times: 3, reply: { text: "Done." }, hold: true }]);
  const file = fileOf("killed.jsonl", ["a", "b", "c"]);
  const watched = startPawl(["batch", file, "--json"], world.env);
  await watched.said("batch.progress");
  const [first] = linesOf(watched.stdout()) as readonly { readonly batchId: string }[];
  const batchId = first?.batchId ?? "";
  await until("all runs wait at the provider", async () => {
    return (await world.model.requests()).filter(({ state }) => state === "held").length === 3;
  });
  watched.signal("SIGKILL");
  await watched.ended;
  const runs = await until("the list knows the runs of the batch", async () => {
    const { stdout } = await pawlIn(world, ["ls", "--session", batchId, "--json"]);
    const listed = stdout === "" ? [] : linesOf(stdout);
    return listed.length === 3 && listed;
  });
  expect(runs).toMatchObject([{ session: batchId }, { session: batchId }, { session: batchId }]);

  const out = join(dir, "killed.results.jsonl");
  const attached = startPawl(["attach", batchId, "--out", out], world.env);
  await world.model.release();
  expect(await attached.ended).toMatchObject({ exitCode: 0 });
  expect(linesOf(readFileSync(out, "utf8"))).toHaveLength(3);
  expect(await world.model.requests()).toHaveLength(3);
});

test("Ctrl-C detaches, and a cancel ends the runs and the batch", async () => {
  await world.model.script([{ times: 9, reply: { text: "Never." }, hold: true }]);
  const file = fileOf("left.jsonl", ["a", "b", "c"]);
  const watched = startPawl(["batch", file, "--concurrency", "2"], world.env);
  await until("two runs wait at the provider", async () => {
    return (await world.model.requests()).filter(({ state }) => state === "held").length === 2;
  });
  watched.signal("SIGINT");
  const left = await watched.ended;
  expect(left).toMatchObject({ exitCode: 7, stdout: "" });
  const [, batchId = ""] =
    /pawl attach (batch_\S+) --out \S+left\.results\.jsonl/.exec(left.stderr) ?? [];
  expect(existsSync(join(dir, "left.results.jsonl"))).toBe(false);
  expect((await pawlIn(world, ["cancel", batchId])).exitCode).toBe(0);
  const ended = await pawlIn(world, ["attach", batchId, "--json"]);
  expect(ended.exitCode).toBe(5);
  const result = {
    type: "batch",
    outcome: { kind: "cancelled" },
    ended: { cancelled: 2 },
    notStarted: 1,
  };
  expect(linesOf(ended.stdout).at(-1)).toMatchObject(result);
});

test("a file with a bad line starts nothing", async () => {
  const file = fileOf("bad.jsonl", ["a", ""]);
  const run = await pawlIn(world, ["batch", file]);
  expect(run).toMatchObject({ exitCode: 2, stdout: "" });
  expect(run.stderr).toContain("line 2: task must not be empty");
  expect(await world.model.requests()).toHaveLength(0);
});
