// Runs that are given to a tier: the choice is a charge of its own where it costs, it is told, it never
// fails a run, and every charge together is the account and the provider's bill.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Policy } from "../../src/domain/run/snapshot.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import {
  blocksSent,
  microUsd,
  openRunBench,
  PATIENT,
  type RunBench,
  type RunSeen,
} from "../support/run-bench.ts";
import { measureWorkload, readWorkload } from "../support/workload.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const step = (n: number) => ({ thinking: `thought ${n}`, text: `Step ${n}.`, toolCalls: [CALL] });

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_TENANT_DAY_CAP_USD: "100" } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.db`delete from pawl.gate`;
});

const modelOf = ({ body }: ModelRequestSeen): unknown =>
  (body as { model?: unknown } | undefined)?.model;
const modelsAsked = ({ requests }: RunSeen): readonly unknown[] =>
  requests.filter(({ fault }) => fault == null).map(modelOf);

async function routed(task: string, routing: Policy) {
  const runId = await bench.start(task, { routing });
  const seen = await bench.ended(runId);
  const events = await bench.events(runId);
  return { ...seen, events };
}

/** The account is the sum of the charges that viewers saw, and what the provider billed. */
function expectExact({
  result,
  billedMicroUsd,
  events,
}: RunSeen & { events: readonly RunEvent[] }) {
  const charges = events.filter((event) => event.type === "reply.finished");
  const sum = charges.reduce((total, { costUsd }) => total + microUsd(costUsd), 0);
  expect([microUsd(result.costUsd), sum]).toEqual([billedMicroUsd, billedMicroUsd]);
}

const choices = (events: readonly RunEvent[]): readonly object[] =>
  events.filter((event) => event.type === "model.changed");

describe("by a classifier", () => {
  it.each([
    ["What is 17 times 23?", "simple", HAIKU, "391"],
    ["How many more people live in Japan than in Germany?", "medium", SONNET, "39,000,000"],
    ["What is 17 times 23? Plan it well.", "complex", OPUS, "391"],
  ])("%s is given to the %s tier", async (task, tier, model, answer) => {
    const seen = await routed(task, "by-classifier");
    const [classifier, ...work] = modelsAsked(seen);
    expect(classifier).toBe(HAIKU);
    expect(new Set(work)).toEqual(new Set([model]));
    expect(seen.result).toMatchObject({ outcome: { kind: "answered" } });
    expect(seen.result.answer).toContain(answer);
    expectExact(seen);

    const [first, second] = seen.events.filter(({ type }) => type === "turn.started");
    expect(first).toMatchObject({ turn: 1, purpose: "route", model: HAIKU });
    expect(second).toMatchObject({ turn: 2, model });
    const [choice] = choices(seen.events);
    expect(choice).toMatchObject({ turn: 2, model, reason: "routed" });
    expect(choice).toMatchObject({ message: expect.stringMatching(`^by-classifier: ${tier}, `) });
    const charge = seen.events.find(({ type }) => type === "reply.finished");
    expect(charge).toMatchObject({ turn: 1, model: HAIKU, text: "" });
    expect(charge).toMatchObject({ costUsd: expect.any(Number) });
    const shown = await bench.world.client.show(seen.result.runId);
    expect(shown.about.routing).toMatch(`by-classifier: ${tier}`);
  });

  it("asks for little: no tools, no thinking, and the run never sees what was said", async () => {
    const seen = await routed("What is 17 times 23?", "by-classifier");
    const [first, ...rest] = seen.requests;
    expect(first?.body).toMatchObject({ thinking: { type: "disabled" }, max_tokens: 256 });
    expect(first?.body?.tools).toBeUndefined();
    for (const request of rest) expect(JSON.stringify(request.body)).not.toContain("reason");
    expect(blocksSent(rest[0]!)).toMatchObject([{ block: { text: "What is 17 times 23?" } }]);
  });

  it.each<[string, readonly object[], readonly object[]]>([
    ["answers rubbish", [], [{ match: { contains: "<task>" }, reply: { text: "Easy!" } }]],
    ["refuses", [{ kind: "refusal", when: "pre" }], []],
    ["is refused the key", [{ kind: "auth" }], []],
    ["is overloaded", [{ kind: "overloaded", times: 2 }], []],
  ])("that %s means the medium tier", async (_, faults, script) => {
    await bench.world.model.script(script);
    await bench.world.model.faults(faults);
    const seen = await routed("What is 17 times 23?", "by-classifier");
    expect(seen.result.outcome).toEqual({ kind: "answered" });
    expect(seen.result.models[SONNET]).toBeGreaterThan(0);
    expect(choices(seen.events)).toMatchObject([{ model: SONNET, reason: "routed" }]);
    expectExact(seen);
  });
});

describe("per turn", () => {
  it("F4: a small model calls the next tools, the run's own begins and answers", async () => {
    await bench.world.model.script([
      { match: { model: SONNET }, times: 2, reply: step(1) },
      { match: { model: HAIKU }, reply: step(2) },
      { match: { model: HAIKU }, reply: step(3) },
      { match: { model: HAIKU }, reply: { thinking: "enough", text: "It is 7." } },
      { match: { model: SONNET }, reply: { thinking: "now", text: "It is 42." } },
    ]);
    const seen = await routed("Work on it.", "per-turn");
    expect(modelsAsked(seen)).toEqual([SONNET, SONNET, HAIKU, HAIKU, HAIKU, SONNET]);
    expect(seen.result).toMatchObject({ outcome: { kind: "answered" }, answer: "It is 42." });
    expect(JSON.stringify(seen.requests.at(-1)?.body)).not.toContain("It is 7.");
    const thinking = seen.requests.map(
      (request) => blocksSent(request).filter(({ block }) => block.type === "thinking").length,
    );
    expect(thinking).toEqual([0, 1, 0, 1, 2, 2]);
    expectExact(seen);
  });
});

describe("by the size of the context", () => {
  it("a small task is a small model's", async () => {
    const seen = await routed("What is 17 times 23?", "by-context-size");
    expect(new Set(modelsAsked(seen))).toEqual(new Set([HAIKU]));
    expectExact(seen);
  });
});

describe("a part of the recorded load", () => {
  const isChain = ({ task }: { task: string }): boolean => task.includes(", then ");
  const tasks = readWorkload()
    .filter((task) => !isChain(task))
    .slice(0, 14);

  it("costs less by a classifier than in the medium tier, and no answer gets worse", async () => {
    const medium = await measureWorkload(bench.world, tasks, "fixed");
    const byClassifier = await measureWorkload(bench.world, tasks, "by-classifier");
    for (const { chargedMicroUsd, billedMicroUsd } of [medium, byClassifier]) {
      expect(chargedMicroUsd).toBe(billedMicroUsd);
    }
    expect(byClassifier.choosingMicroUsd).toBeGreaterThan(0);
    expect(byClassifier.chargedMicroUsd).toBeLessThan(medium.chargedMicroUsd * 0.7);
    const worse = tasks.filter(
      (_, at) => medium.passed[at] === true && byClassifier.passed[at] !== true,
    );
    expect(worse).toEqual([]);
    expect(byClassifier.passed).not.toContain(false);
  }, 300_000);

  it("a long chain of tool calls costs less per turn, though each model writes its own cache", async () => {
    const chains = readWorkload().filter(isChain).slice(0, 2);
    const medium = await measureWorkload(bench.world, chains, "fixed");
    const perTurn = await measureWorkload(bench.world, chains, "per-turn");
    expect(perTurn.chargedMicroUsd).toBe(perTurn.billedMicroUsd);
    expect(perTurn.chargedMicroUsd).toBeLessThan(medium.chargedMicroUsd * 0.9);
    expect(perTurn.passed).toEqual([true, true]);
  }, 300_000);

  it("the checks notice a tier that is too small", async () => {
    const bySize = await measureWorkload(bench.world, tasks, "by-context-size");
    const needMore = tasks.map(({ needs }) => needs !== "simple");
    expect(bySize.passed).toEqual(needMore.map((needsMore) => !needsMore));
    expect(needMore).toContain(true);
  }, 300_000);
});
