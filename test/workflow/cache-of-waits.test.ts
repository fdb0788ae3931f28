// A run that waits for people is read from the provider's cache when it goes on, by the provider's own
// bill. The cache's clock is put ahead; the waits themselves are short.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { approval, openFilesFolder, waitingCalls, writeCall } from "../support/approvals.ts";
import { microUsd, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until, type Process } from "../support/processes.ts";

let bench: RunBench;
let worker: Process;
const files = openFilesFolder();
const HALF_AN_HOUR_MS = 1_800_000;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_FILES_DIR: files.dir } });
  worker = bench.worker;
}, 180_000);
afterAll(async () => {
  await bench?.close();
  files.remove();
});
beforeEach(() => bench.world.model.reset());

const ask = (path: string): object => ({ reply: { text: "May I?", toolCalls: [writeCall(path)] } });
const done = { reply: { text: "Done." } };

/** Two calls that wait for half an hour each: what was billed turn by turn. */
async function withTwoWaits() {
  await bench.world.model.script([ask("a"), ask("b"), done]);
  const runId = await bench.start("Write.");
  for (const turn of [1, 2]) {
    const [pending] = await until("the next call waits", async () => {
      const calls = await waitingCalls(bench.world.client, runId);
      return calls[0].turn === turn && calls;
    });
    await bench.world.model.ahead(turn * HALF_AN_HOUR_MS);
    await bench.world.client.decide(runId, approval(pending));
  }
  const { result, billedMicroUsd } = await bench.ended(runId);
  expect(result.outcome.kind).toBe("answered");
  expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
  return await bench.world.model.billing(runId);
}

describe("the prompt of a run that waits half an hour for a person, twice,", () => {
  it("is written for an hour from its first wait on, and read after the second", async () => {
    const [first, second, third] = await withTwoWaits();
    expect(first).toMatchObject({ cacheWrite1hTokens: 0, cacheReadTokens: 0 });
    expect(second).toMatchObject({ cacheWrite5mTokens: 0, cacheReadTokens: 0 });
    const written = second?.cacheWrite1hTokens ?? 0;
    expect(written).toBeGreaterThan(first?.cacheWrite5mTokens ?? Number.POSITIVE_INFINITY);
    expect(third).toMatchObject({ cacheWrite5mTokens: 0, cacheReadTokens: written });
  });

  it.each([
    ["1h", "is read after both, where the operator says so"],
    ["5m", "is written anew each time, where the operator says so"],
  ])("with PAWL_CACHE_TTL=%s %s", async (ttl) => {
    await worker.stop();
    worker = await bench.world.startWorker({ PAWL_CACHE_TTL: ttl });
    const [, ...later] = await withTwoWaits();
    expect(later.map(({ cacheReadTokens }) => cacheReadTokens > 0)).toEqual([
      ttl === "1h",
      ttl === "1h",
    ]);
    const short = later.map(({ cacheWrite5mTokens }) => cacheWrite5mTokens > 0);
    expect(short).toEqual([ttl === "5m", ttl === "5m"]);
  });

  it("is written for an hour as well once a person has paused the run", async () => {
    await worker.stop();
    worker = await bench.world.startWorker();
    await bench.world.model.script([{ ...ask("a"), hold: true }, done]);
    const runId = await bench.start("Write.", { policy: { deny: ["write_file"] } });
    await until("the reply is on hold", async () =>
      (await bench.world.model.requests()).some((r) => r.runKey === runId && r.state === "held"),
    );
    await bench.world.client.pause(runId);
    await bench.world.model.release();
    await until("the run is paused", async () => {
      const shown = await bench.world.client.show(runId);
      return shown.kind === "open" && shown.status === "paused";
    });
    await bench.world.client.resume(runId);
    await bench.ended(runId);
    const [first, second] = await bench.world.model.billing(runId);
    expect(first?.cacheWrite1hTokens).toBe(0);
    expect(second?.cacheWrite1hTokens).toBeGreaterThan(0);
  });
});
