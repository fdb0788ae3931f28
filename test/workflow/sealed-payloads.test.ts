// A codec is one file's matter: with one in src/temporal/data-converter.ts, Temporal holds nothing that
// can be read, and everything that speaks to a run, or reads what it left, still works.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openFilesFolder, writeCall } from "../support/approvals.ts";
import { eventsOf } from "../support/history-size.ts";
import { until, type Process } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { plantSealedPawl } from "../support/sealed-pawl.ts";
import { openWorld, type World } from "../support/world.ts";

const SECRET = "the-tulips-are-yellow";
const files = openFilesFolder();
const pawl = plantSealedPawl();
let world: World;
let worker: Process;

beforeAll(async () => {
  const env = { ...PATIENT, PAWL_FILES_DIR: files.dir };
  world = await openWorld({ workerMain: pawl.workerMain, env });
  worker = await world.startWorker();
}, 180_000);
afterAll(async () => {
  await world?.close();
  pawl.remove();
  files.remove();
});
beforeEach(() => world.model.reset());

async function said(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await pawl.run(args, world.env);
  if (exitCode !== 0) throw new Error(`pawl ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/** A run that waits for a person while its transcript is lost. */
async function runToEnd(): Promise<string> {
  await world.model.script([
    { reply: { text: SECRET, toolCalls: [writeCall("a.txt", SECRET)] } },
    { reply: { text: `It is done: ${SECRET}.` } },
  ]);
  const started = await said("run", `Remember that ${SECRET}.`, "--detach");
  const runId = /run_[\w-]{36}/.exec(started)?.[0] ?? "";
  await until(
    "the call waits",
    async () => (await said("show", runId, "--json")).includes('"status":"waiting"'),
    120_000,
  );
  // A worker remembers what it has just read.
  await worker.stop();
  await world.db`truncate pawl.message, pawl.link`;
  worker = await world.startWorker();
  await said("say", runId, `More: ${SECRET}`);
  const waiting = await said("approvals", runId, "1.1");
  const digest = /--digest (\w{64})/.exec(waiting)?.[1] ?? "";
  await said("approve", runId, "1.1", "--digest", digest);
  await said("attach", runId);
  return runId;
}

describe("with a codec", () => {
  it("a run is told, decided and answered, and its transcript restored from its history", async () => {
    const runId = await runToEnd();
    expect(await said("show", runId)).toContain(`It is done: ${SECRET}.`);
    expect(files.all()).toEqual(["a.txt"]);
    const requests = await world.model.requests();
    expect(JSON.stringify(requests.at(-1)?.body)).toContain(`More: ${SECRET}`);
    expect(await said("ls")).toContain(runId);
    expect(worker.lines.join("\n")).toContain("transcript_rebuilt");

    const { histories } = await world.client.exportHistories(runId);
    expect(histories.flatMap(eventsOf).length).toBeGreaterThan(10);
    expect(readable(histories)).not.toContain(SECRET);

    const exported = join(files.dir, "exported.json");
    writeFileSync(exported, JSON.stringify({ histories }));
    expect(await said("replay", exported)).toMatch(/ {2}same\n$/);
  }, 300_000);
});

/** Everything of a history that is text, and everything that is text once its base64 is undone. */
function readable(histories: readonly unknown[]): string {
  const text = JSON.stringify(histories);
  const bodies = Array.from(text.matchAll(/"data":"([^"]*)"/g), ([, data = ""]) =>
    Buffer.from(data, "base64").toString("latin1"),
  );
  return [text, ...bodies].join("\n");
}
