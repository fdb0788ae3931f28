// Small caps go far: a question costs what it costs, and not what its bytes might. And money that is told while a
// run is under way is the ledger's.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_WRAP_UP: "1" } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

const CALL = { name: "calculator", input: { expression: "6*7" } };

describe("a run with a small cap", () => {
  it("of $0.02 is answered, on a cold cache and with a tool", async () => {
    const { result, billedMicroUsd } = await bench.run("What is 3*9?", {
      limits: { costMicroUsd: 20_000 },
    });
    expect(result).toMatchObject({ outcome: { kind: "answered" }, crashTaxUsd: 0, toolCalls: 1 });
    expect(result.answer).toContain("27");
    expect(billedMicroUsd).toBeLessThanOrEqual(20_000);
  });

  it("asks the provider to count only where bytes leave the reply too little", async () => {
    const counts = async (): Promise<number> => {
      const requests = await bench.world.model.requests();
      return requests.length;
    };
    await bench.run("What is 3*9?", {});
    expect(await counts()).toBe(2);
  });

  it("that is too small says what would do, and that is enough", async () => {
    const { result, requests } = await bench.run("What is 3*9?", {
      limits: { costMicroUsd: 4000 },
    });
    expect(requests).toHaveLength(0);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "cost" });
    const message = "message" in result.outcome ? result.outcome.message : "";
    const cap = Number(/--max-cost (\S+)$/.exec(message)?.[1]);
    expect(cap).toBeGreaterThan(0.004);
    const again = await bench.run("What is 3*9?", {
      limits: { costMicroUsd: Math.round(cap * 1_000_000) },
    });
    expect(again.requests.length).toBeGreaterThanOrEqual(1);
  });

  it("32: announces no summary that is not made, and no number below nothing", async () => {
    const step = { text: "I am on it. ".repeat(90), toolCalls: [CALL] };
    await bench.world.model.script([{ times: 9, reply: step }]);
    const runId = await bench.start("Work.", { limits: { tokens: 2500 } });
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "tokens" });
    expect(JSON.stringify(result.outcome)).not.toMatch(/-\d/);
    const events = await bench.events(runId);
    const announced = events.filter((event) => event.type === "turn.started" && "purpose" in event);
    expect(announced).toHaveLength(requests.length - 1);
  });
});

it("a flag above what is allowed is told once, with what holds instead", async () => {
  const runId = await bench.start("What is 3*9?", {
    limits: { costMicroUsd: 5_000_000, modelCalls: 7 },
  });
  await bench.ended(runId);
  const events = await bench.events(runId);
  expect(events.filter(({ type }) => type === "limit.lowered")).toMatchObject([
    { limit: "cost", asked: 5, allowed: 1 },
  ]);
});

describe("24: a provider that counts no tokens", () => {
  it("is charged the holds, says so once, and a cap binds", async () => {
    const step = { text: "I am on it.", toolCalls: [CALL] };
    await bench.world.model.script([{ times: 30, reply: step }]);
    await bench.world.model.faults([{ kind: "lie", how: "no_tokens", times: 30 }]);
    const runId = await bench.start("Work.", { limits: { costMicroUsd: 200_000 } });
    const { result, requests } = await bench.ended(runId);
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "cost" });
    expect(result.usage).toMatchObject({ estimated: true });
    expect(result.costUsd).toBeGreaterThan(0.1);
    expect(result.costUsd).toBeLessThanOrEqual(0.2);
    expect(requests.length).toBeLessThan(20);
    const events = await bench.events(runId);
    expect(events.filter(({ type }) => type === "usage.estimated")).toMatchObject([
      { reason: "uncounted" },
    ]);
    const replies = events.filter(({ type }) => type === "reply.finished");
    expect(replies.every((event) => "estimated" in event)).toBe(true);
    expect(bench.logged(runId, "usage_uncounted")).toHaveLength(1);
  });

  it("with an empty reply is no free one either", async () => {
    await bench.world.model.script([{ times: 9, reply: { textBytes: 0 } }]);
    await bench.world.model.faults([{ kind: "lie", how: "no_tokens", times: 9 }]);
    const { result } = await bench.run("Work.");
    expect(result.outcome).toMatchObject({ kind: "failed", code: "EMPTY_REPLY" });
    expect(result.costUsd).toBeGreaterThan(0);
  });
});

describe("M3: a provider that says what can't be", () => {
  it.each(["vast_output", "vast_searches", "vast_input"] as const)(
    "%s: the run pays its hold, an alert says so, and nobody else pays",
    async (how) => {
      const tenant = `tenant-${how.replaceAll("_", "-")}`;
      await bench.world.model.faults([{ kind: "lie", how, times: 1 }]);
      const runId = await bench.start("Hello!", { tenant });
      const { result } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, usage: { estimated: true } });
      expect(result.costUsd).toBeLessThan(0.1);
      expect(result.serverToolCalls).toBe(0);
      expect(bench.logged(runId, "usage_implausible")).toMatchObject([
        { alert: true, tenant, contradictions: [expect.stringContaining("where")] },
      ]);
      const other = await bench.run("Hello!", { tenant });
      expect(other.result.outcome).toEqual({ kind: "answered" });
    },
  );

  it("a model's name that every object knows is no key of what is counted", async () => {
    await bench.world.model.faults([{ kind: "lie", how: "model_named_proto" }]);
    const { result } = await bench.run("Hello!");
    expect(result.models).toEqual({ "claude-sonnet-5-5": 1 });
  });
});

it("32: while a call is under way, a run shows what the ledger says", async () => {
  await bench.world.model.faults([
    { kind: "truncate", where: "before_stop" },
    { kind: "hold", afterEvents: 3 },
  ]);
  const runId = await bench.start("Hello!");
  const shown = await until("the second attempt is under way", async () => {
    const now = await bench.world.client.show(runId);
    const isSecond = now.kind === "open" && now.soFar.modelAttempts === 2;
    return isSecond && (now.books?.heldUsd ?? 0) > 0 ? now : undefined;
  });
  if (shown.kind !== "open" || shown.books === null) throw new Error("it has ended");
  expect(shown.books.fearedUsd).toBeGreaterThan(0);
  // What was counted of the lost reply is spent, and the worst of its rest feared.
  expect(shown.soFar.crashTaxUsd).toBeGreaterThan(shown.books.fearedUsd);
  expect(shown.soFar.costUsd).toBe(shown.soFar.crashTaxUsd);
  await bench.world.model.release({ runKey: runId });
  const { result } = await bench.ended(runId);
  expect(result.crashTaxUsd).toBe(shown.soFar.crashTaxUsd);
});

it("32: long arguments show signs of life, and not their text", async () => {
  const content = "secret ".repeat(300);
  const call = { name: "write_file", input: { path: "a.txt", content } };
  await bench.world.model.script([
    { reply: { toolCalls: [call], chunkDelayMs: 40, chunkChars: 20 } },
    { reply: { text: "Done." } },
  ]);
  const runId = await bench.start("Write it.", { policy: { deny: [], ask: [] } });
  const seen: unknown[] = [];
  for await (const event of bench.world.client.watch(runId)) {
    if (event.type === "reply.progress") seen.push(event);
    if (event.type === "approval.requested") await bench.world.client.cancel(runId);
  }
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(seen[0]).toMatchObject({ turn: 1, attempt: 1, tool: "write_file" });
  expect(JSON.stringify(seen)).not.toContain("secret");
  const chars = seen.map((event) => (event as { chars: number }).chars);
  expect(chars).toEqual(chars.toSorted((a, b) => a - b));
}, 30_000);
