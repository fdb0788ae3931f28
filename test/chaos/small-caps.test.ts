// How far a small cap goes: a run stops only where not even the smallest further call can be paid, and what it
// spent never passes its cap. The figures go to stderr.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { readWorkload } from "../support/workload.ts";

/**
 * The least share that is spent. What stays is the worst case of the last words, of which a cached prompt costs a
 * twentieth in the end: with the larger model a prompt of 2,000 tokens holds more than a third of the smallest cap.
 */
const CASES = [
  { model: "claude-haiku-5-5", capUsd: 0.02, shareMin: 0.95 },
  { model: "claude-haiku-5-5", capUsd: 0.03, shareMin: 0.95 },
  { model: "claude-haiku-5-5", capUsd: 0.05, shareMin: 0.95 },
  { model: "claude-sonnet-5-5", capUsd: 0.02, shareMin: 0.65 },
  { model: "claude-sonnet-5-5", capUsd: 0.05, shareMin: 0.84 },
  { model: "claude-sonnet-5-5", capUsd: 0.1, shareMin: 0.9 },
  { model: "claude-sonnet-5-5", capUsd: 0.25, shareMin: 0.9 },
] as const;
const CALL = { name: "calculator", input: { expression: "6*7" } };
const RUNS_EACH = 4;

let bench: RunBench;

async function saysLastWords(runId: string): Promise<boolean> {
  const events = await bench.events(runId);
  return events.some((event) => event.type === "turn.started" && event.purpose === "wrap_up");
}

beforeAll(async () => {
  bench = await openRunBench({
    env: {
      ...PATIENT,
      PAWL_WRAP_UP: "1",
      PAWL_AGENT_MAX_CALLS: "2000",
      PAWL_AGENT_MAX_TOOL_CALLS: "2000",
      PAWL_AGENT_MAX_TOKENS: "9000000",
    },
  });
}, 180_000);
afterAll(() => bench?.close());

test("a run stops at its cap, and not before it", async () => {
  const tasks = readWorkload();
  const step = { text: "I am on it. ".repeat(30), toolCalls: [CALL] };
  await bench.world.model.script([{ times: 100_000, reply: step }]);
  for (const { model, capUsd, shareMin } of CASES) {
    const orders = Array.from({ length: RUNS_EACH }, (_, n) =>
      bench.run(tasks[n]?.task ?? "Work.", { model, limits: { costMicroUsd: capUsd * 1e6 } }),
    );
    const runs = await Promise.all(orders);
    const shares = runs.map(({ result, billedMicroUsd }) => {
      expect(billedMicroUsd).toBeLessThanOrEqual(capUsd * 1e6);
      expect(result.costUsd).toBeLessThanOrEqual(capUsd);
      return result.costUsd / capUsd;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const ends = runs.map(({ result }) => result.outcome);
    for (const end of ends) expect(end).toMatchObject({ kind: "stopped", limit: "cost" });
    // Though they were not kept back in full.
    for (const { result } of runs) expect(await saysLastWords(result.runId)).toBe(true);
    expect(mean).toBeGreaterThanOrEqual(shareMin);
    process.stderr.write(
      `${model}, cap $${capUsd}: ${Math.round(mean * 100)} % spent, ${runs[0]?.result.modelCalls} calls, ${JSON.stringify(ends[0])}\n`,
    );
  }
}, 900_000);
