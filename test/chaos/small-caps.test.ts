// How far a small cap goes: a run stops only where not even the smallest further call can be paid, and what it
// spent never passes its cap. The figures go to stderr.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { readWorkload } from "../support/workload.ts";

/**
 * The least share that is spent. What stays is the worst case of a smallest step and of the last words behind it, of
 * which a cached prompt costs a twentieth in the end: at the prices of the larger model that is much of a small cap.
 */
const CASES = [
  { model: "claude-haiku-5-5", capsUsd: [0.02, 0.03, 0.05], shareMin: 0.88 },
  { model: "claude-sonnet-5-5", capsUsd: [0.02, 0.05, 0.1, 0.25], shareMin: 0.5 },
] as const;
const CALL = { name: "calculator", input: { expression: "6*7" } };
const RUNS_EACH = 4;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    env: {
      ...PATIENT,
      PAWL_WRAP_UP: "1",
      PAWL_AGENT_MAX_CALLS: "400",
      PAWL_AGENT_MAX_TOKENS: "9000000",
    },
  });
}, 180_000);
afterAll(() => bench?.close());

test("a run stops at its cap, and not before it", async () => {
  const tasks = readWorkload();
  const step = { text: "I am on it. ".repeat(30), toolCalls: [CALL] };
  await bench.world.model.script([{ times: 100_000, reply: step }]);
  for (const { model, capsUsd, shareMin } of CASES) {
    for (const capUsd of capsUsd) {
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
      expect(mean).toBeGreaterThanOrEqual(shareMin);
      process.stderr.write(
        `${model}, cap $${capUsd}: ${Math.round(mean * 100)} % spent, ${runs[0]?.result.modelCalls} calls, ${JSON.stringify(ends[0])}\n`,
      );
    }
  }
}, 900_000);
