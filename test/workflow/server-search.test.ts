// With a key and an address of its own, the worker lets the provider search the web: each search costs
// money on top of the tokens, and the ledger knows.

import { afterAll, beforeAll, beforeEach, expect, it } from "@jest/globals";
import { createLedger } from "../../src/store/ledger.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

const SEARCH_MICRO_USD = 10_000;

let world: World;

beforeAll(async () => {
  world = await openWorld({
    env: { PAWL_OFFLINE_MODEL: "", PAWL_WEB_SEARCH: "server", ...PATIENT },
  });
  await world.startWorker();
}, 180_000);
afterAll(() => world?.close());
beforeEach(() => world.model.reset());

const ask = async (task: string, costMicroUsd?: number) => {
  const limits = costMicroUsd === undefined ? {} : { costMicroUsd };
  const { runId } = await world.client.start({ task, tenant: "test", session: "test", limits });
  const result = await world.client.result(runId);
  const [request] = await world.model.requests();
  return { result, tools: JSON.stringify(request?.body?.tools ?? []) };
};

it.each([
  ["one search", 100_000, /"name":"web_search","max_uses":1/],
  ["none", 50_000, /^(?!.*web_search)/],
])(
  "a run that can pay the worst case of %s a call is offered that, and is answered",
  async (_, costMicroUsd, offered) => {
    const { result, tools } = await ask("What is 12 * 12?", costMicroUsd);
    expect(result).toMatchObject({ outcome: { kind: "answered" } });
    expect(result.answer).toContain("144");
    expect(tools).toMatch(offered);
  },
);

it("a search by the provider is offered, used, and paid at $0.01", async () => {
  const { runId } = await world.client.start({
    task: "What is the population of Earth?",
    tenant: "test",
    session: "test",
  });
  const result = await world.client.result(runId);
  expect(result.outcome).toEqual({ kind: "answered" });
  expect(result.answer).toContain("8.1 billion");
  expect(result).toMatchObject({ toolCalls: 0, crashTaxUsd: 0 });
  expect(result.serverToolCalls).toBeGreaterThanOrEqual(1);

  const [request] = await world.model.requests();
  expect(JSON.stringify(request?.body?.tools)).toMatch(/"type":"web_search_\d+"/);
  // The real API is not told which run asks.
  expect(request?.runKey).toBeNull();

  const bills = await world.model.billing();
  const billed = bills.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);
  const searches = bills.reduce((sum, bill) => sum + bill.webSearchRequests, 0);
  expect(searches).toBe(result.serverToolCalls);
  const totals = await createLedger(world.db).totals(runId);
  expect(totals).toMatchObject({ spentMicroUsd: billed, heldMicroUsd: 0 });
  expect(billed).toBeGreaterThan(searches * SEARCH_MICRO_USD);
  expect(billed).toBeLessThan((searches + 1) * SEARCH_MICRO_USD);
});
