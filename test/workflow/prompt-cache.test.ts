// What a long run reads from the provider's prompt cache, by the provider's own bill.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";

const TURNS = 30;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    chunkDelayMs: 0,
    env: {
      ...PATIENT,
      PAWL_RUN_CAP_USD: "100",
      PAWL_TENANT_DAY_CAP_USD: "1000",
      PAWL_AGENT_MAX_TOOL_CALLS: "1000",
      PAWL_AGENT_MAX_TOKENS: "100000000",
    },
  });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const sum = (a: number, b: number): object => ({
  name: "calculator",
  input: { expression: `${a} + ${b}` },
});

describe("a run of 30 turns reads at least 90 % of its input from the cache, from turn 3 on", () => {
  it.each([
    ["one call a turn", 1],
    ["twelve parallel calls a turn, more blocks than the provider looks back over", 12],
  ])(
    "with %s",
    async (_, calls) => {
      const step = (turn: number): object => ({
        reply: {
          text: `Step ${turn} is done.`,
          toolCalls: Array.from({ length: calls }, (__, call) => sum(turn, call)),
        },
      });
      const steps = Array.from({ length: TURNS - 1 }, (__, index) => step(index + 1));
      await bench.world.model.script([...steps, { reply: { text: "Done." } }]);
      const runId = await bench.start("Add all of them up.");
      const { result } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, turns: TURNS });

      const bills = (await bench.world.model.billing(runId)).slice(2);
      expect(bills).toHaveLength(TURNS - 2);
      const read = bills.reduce((all, bill) => all + bill.cacheReadTokens, 0);
      const rest = bills.reduce(
        (all, bill) => all + bill.inputTokens + bill.cacheWrite5mTokens + bill.cacheWrite1hTokens,
        0,
      );
      const ratio = read / (read + rest);
      process.stderr.write(`cache hit ratio with ${calls} calls a turn: ${ratio.toFixed(4)}\n`);
      expect(ratio).toBeGreaterThanOrEqual(0.9);
      const events = await bench.events(runId);
      const told = events.flatMap((e) => (e.type === "reply.finished" ? [e.cacheReadTokens] : []));
      expect(told.slice(2).reduce((all, tokens) => all + tokens, 0)).toBe(read);
    },
    180_000,
  );
});
