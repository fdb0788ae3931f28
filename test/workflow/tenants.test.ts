// G8, over every way in: whoever is not registered is told so before anything is started, and where a run is
// started straight at Temporal the worker refuses it, and spends nothing.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { identify, type RunOrder } from "../../src/client/run-order.ts";
import { createTenants } from "../../src/store/tenants.ts";
import { WORKFLOW_TYPE } from "../../src/temporal/names.ts";
import { startOptions } from "../../src/temporal/run-start.ts";
import { pawlIn } from "../support/cli.ts";
import { ask, keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { given } from "../support/run-story.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { openWorld, type World } from "../support/world.ts";
import { packageFile } from "../../src/package-root.ts";

let world: World;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await openWorld({ env: { PAWL_OPEN_TENANTS: "0" } });
  await world.startWorker();
  gateway = await startGateway(world);
  await createTenants(world.db).add("acme");
}, 240_000);
afterAll(async () => {
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

const ORDER: RunOrder = { task: "What is 6 * 7?", tenant: "acme", session: "s" };

/** As whatever can reach Temporal may: `change` is not checked by anybody on the way. */
async function startStraight(change: object) {
  const { runId, input, digest } = identify(ORDER);
  const { address, namespace } = world.temporal;
  await withTemporalClient({ address, namespace }, async (client) => {
    const { typedSearchAttributes: _, ...options } = startOptions({ runId, input, digest });
    await client.workflow.start(WORKFLOW_TYPE, {
      ...options,
      args: [{ ...input, ...change }],
      taskQueue: "pawl",
    });
  });
  const result = await world.client.result(runId);
  const requests = (await world.model.requests()).filter(({ runKey }) => runKey === runId);
  const accounts = await world.db`
    select key from pawl.account where key not like '%/acme%' and key like 'tenant%'`;
  return { result, requests, accounts };
}

describe("a tenant that nobody registered", () => {
  test.each([["globex"], ["acme2"], ["\u0430cme"], ["acme\u200b"], ["acme "]])(
    "%j is refused by run, batch, the library and keys, with what to do",
    async (tenant) => {
      const file = packageFile("examples/tasks.jsonl");
      for (const args of [
        ["run", "hi", "--tenant", tenant],
        ["batch", file, "--tenant", tenant, "--out", "/dev/null"],
      ]) {
        const refused = await pawlIn(world, args);
        expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
        expect(refused.stderr).toContain("pawl tenants add NAME");
      }
      await expect(world.client.start({ ...ORDER, tenant })).rejects.toMatchObject({
        code: "UNKNOWN_TENANT",
      });
      const made = await pawlIn(world, ["keys", "create", "--tenant", tenant]);
      expect(made).toMatchObject({ exitCode: 2, stdout: "" });
    },
  );

  test("is refused over HTTP by a key that is left of it", async () => {
    const key = await keyFor(world, "gone", "runs:write");
    const asked = { key, body: { task: "Say hello." } };
    const { status, json } = await ask(gateway.url, "POST /v1/runs", asked);
    expect([status, json?.["code"]]).toEqual([422, "UNKNOWN_TENANT"]);
    expect(json?.["next"]).toContain("pawl tenants add");
  });

  test.each<[string, object]>([
    ["of another name", { tenant: "globex" }],
    ["written otherwise", { tenant: "Acme" }],
    ["that looks like one", { tenant: "acme\u200b" }],
    ["of a session that looks like another", { session: "s\u200b" }],
    [
      "said to be under way already",
      { tenant: "globex", resumed: given({}, {}, Date.now()).state },
    ],
  ])("%s, straight at Temporal, is refused by the worker and spends nothing", async (_, change) => {
    const { result, requests, accounts } = await startStraight(change);
    const code =
      "session" in change ? "USAGE" : "resumed" in change ? "INVALID_INPUT" : "UNKNOWN_TENANT";
    expect(result.outcome).toMatchObject({ kind: "failed", code });
    expect(result).toMatchObject({ costUsd: 0, modelAttempts: 0 });
    expect([requests, accounts]).toEqual([[], []]);
  });
});

describe("a tenant that is registered", () => {
  test("has one name, however it is written: one budget, one run a key", async () => {
    await world.model.script([{ times: 2, reply: { text: "42" } }]);
    const first = await world.client.start({ ...ORDER, key: "k" });
    const again = await world.client.start({ ...ORDER, tenant: "ACME", key: "k" });
    expect(again).toMatchObject({ runId: first.runId, created: false });
    expect((await world.client.result(first.runId)).outcome.kind).toBe("answered");
    await pawlIn(world, ["budget", "set", "tenant_day", "--tenant", "Acme", "3"]);
    const shown = await pawlIn(world, ["budget", "show", "--tenant", "aCME", "--json"]);
    expect(shown.stdout).toContain('"tenant":"acme"');
    expect(shown.stdout).toContain('"capMicroUsd":3000000');
  });

  test("is added, listed and removed by `pawl tenants`", async () => {
    expect(await pawlIn(world, ["tenants", "add", "Zeta"])).toMatchObject({ stdout: "zeta\n" });
    const made = await pawlIn(world, ["keys", "create", "--tenant", "ZETA"]);
    expect(made.stdout).toMatch(/^pawl_/);
    expect((await pawlIn(world, ["tenants", "ls"])).stdout).toBe("acme\nlocal\nzeta\n");
    const removed = await pawlIn(world, ["tenants", "remove", "zeta"]);
    expect(removed.stderr).toBe("zeta is no tenant any more. 1 key revoked.\n");
    const refused = await pawlIn(world, ["run", "hi", "--tenant", "zeta", "--json"]);
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: "UNKNOWN_TENANT" });
    const twice = await pawlIn(world, ["tenants", "remove", "zeta"]);
    expect(twice.exitCode).toBe(2);
    expect((await pawlIn(world, ["tenants", "add", "z/"])).exitCode).toBe(2);
  });
});
