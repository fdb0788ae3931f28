// What a caller is told of a request that can't be used: where it is, what is wrong with it and what would be right.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let gateway: GatewayProcess;
let key: string;

beforeAll(async () => {
  world = await openWorld();
  key = await keyFor(world, "acme", "runs:read", "runs:write");
  gateway = await startGateway(world);
}, 240_000);
afterAll(async () => {
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

describe("a request that can't be used is refused in words, and not in those of a schema", () => {
  const refused = async (target: string, body?: object): Promise<unknown> => {
    const asking = { key, ...(body === undefined ? {} : { body }) };
    const { status, json } = await ask(gateway.url, target, asking);
    return { status, detail: json?.["detail"] };
  };

  test.each<[string, object, string]>([
    ["no task", {}, "body.task is missing."],
    ["an empty task", { task: "  " }, "body.task must not be empty."],
    ["a task of another kind", { task: 7 }, "body.task must be a text."],
    [
      "a slip in a name",
      { task: "x", maxCost: 1 },
      'body has a field that nobody knows: "maxCost".',
    ],
    [
      "a limit below all",
      { task: "x", limits: { maxCalls: 0 } },
      "body.limits.maxCalls must be at least 1.",
    ],
    [
      "an agent that none can be",
      { task: "x", agent: "a b" },
      "body.agent must be of letters, digits and . _ : @ -, and begin with a letter or digit.",
    ],
    [
      "a tier that is none",
      { task: "x", tier: "huge" },
      'body.tier must be one of "simple", "medium", "complex".',
    ],
    ["a list", [], "body must be a JSON object."],
  ])("%s", async (_, body, detail) => {
    expect(await refused("POST /v1/runs", body)).toEqual({ status: 400, detail });
  });

  test.each([
    ["limit=1e9", "query.limit must be a whole number from 1 to 100."],
    ["cursor=%00", "query.cursor must be `next` of the page before."],
    ["statsu=running", 'query has a field that nobody knows: "statsu".'],
  ])("a list asked with %s", async (query, detail) => {
    expect(await refused(`GET /v1/runs?${query}`)).toEqual({ status: 400, detail });
  });
});
