// A worker of somebody else's with Pawl's plugin: their workflow begins runs as its children.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Client, Connection } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import type { WorkerOptions } from "@temporalio/worker";
import type { RunResult } from "../../src/domain/outcome.ts";
import { pawlPlugin, type PluginOptions } from "../../src/library/plugin.ts";
import { packageFile } from "../../src/package-root.ts";
import type { AgentOrder } from "../../workflows/start-run.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let connection: NativeConnection;
let outer: Connection;
let client: Client;

const workflowsPath = packageFile("test/support/host-workflows.mjs");

/** Of the host, with the plugin in it; its queue is named after the test. */
function hostWith(options: Partial<WorkerOptions>, of: PluginOptions = {}): Promise<Worker> {
  const { namespace } = world.temporal;
  const plugins = [pawlPlugin({ env: { ...world.env, PAWL_LOG_LEVEL: "silent" }, ...of })];
  const own = { connection, namespace, taskQueue: "host", workflowsPath, plugins };
  return Worker.create({ ...own, ...options });
}

beforeAll(async () => {
  // Ctrl-C is jest's.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger("ERROR") });
  world = await openWorld();
  const { address, namespace } = world.temporal;
  connection = await NativeConnection.connect({ address });
  outer = await Connection.connect({ address });
  client = new Client({ connection: outer, namespace });
});
afterAll(async () => {
  await outer?.close();
  await connection?.close();
  await world?.close();
});

describe("a workflow of the host's", () => {
  let host: Worker;
  let serving: Promise<void>;
  beforeAll(async () => {
    host = await hostWith({ activities: { theirs: async () => "theirs" } });
    serving = host.run();
  });
  afterAll(async () => {
    host?.shutdown();
    await serving;
  });

  let started = 0;
  const begin = async (type: string, order: AgentOrder) => {
    started += 1;
    const workflowId = `host-${started}`;
    return await client.workflow.start(type, { taskQueue: "host", workflowId, args: [order] });
  };

  test("has the typed result of a run that is listed like any other", async () => {
    const asking = await begin("asks", { task: "What is 12 * 12?", key: "sum" });
    const { runId, outcome, answer } = (await asking.result()) as RunResult;
    expect(outcome).toEqual({ kind: "answered" });
    expect(answer).toContain("144");
    expect(await world.client.about(runId)).toMatchObject({ agent: "assistant", tenant: "local" });
    // The same order under its key is the same run, whoever sends it.
    const order = { task: "What is 12 * 12?", tenant: "local", session: "local", key: "sum" };
    expect(await world.client.start(order)).toMatchObject({ runId, created: false });
  });

  test.each<[string, object, string, RegExp]>([
    ["no task", {}, "INVALID_INPUT", /input\.task must be .* and is missing/],
    ["a field that nobody knows", { task: "x", maxCost: 1 }, "INVALID_INPUT", /maxCost/],
    ["a limit that is none", { task: "x", limits: { toolCalls: -1 } }, "INVALID_INPUT", /limits/],
    ["a name that can't be a tenant's", { task: "x", tenant: "no body" }, "UNKNOWN_TENANT", /a-z/],
    ["a session that can't be seen", { task: "x", session: "" }, "USAGE", /session/],
    ["an empty key", { task: "x", key: " " }, "USAGE", /A key has 1 to 256 characters/],
  ])("that orders %s fails at once, and is told why", async (_, order, type, message) => {
    const asking = await begin("asks", order as AgentOrder);
    const { cause } = (await asking.result().catch((error: unknown) => error)) as Error;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({ type, message: expect.stringMatching(message) });
  });

  test("begins a run once under its key", async () => {
    const asking = await begin("asksTwice", { task: "What is 5 * 5?", key: "once" });
    const told = (await asking.result()) as { workflowId: string; second: string };
    expect(told.second).toBe("WorkflowExecutionAlreadyStartedError");
    // Its workflow ended first, and asked the run to cancel.
    const { outcome } = await world.client.result(told.workflowId);
    expect(["answered", "cancelled"]).toContain(outcome.kind);
  });

  test("that is cancelled cancels its run, which closes its books and comes home", async () => {
    const task = "Wait for me.";
    await world.model.script([{ match: { contains: task }, reply: { text: "Done." }, hold: true }]);
    const asking = await begin("asks", { task });
    await until("the model is asked", async () =>
      (await world.model.requests()).some(({ state }) => state === "held"),
    );
    await asking.cancel();
    const { outcome, runId } = (await asking.result()) as RunResult;
    expect(outcome.kind).toBe("cancelled");
    expect(await world.db`select hold_id from pawl.hold where run_id = ${runId}`).toEqual([]);
  });
});

describe("the plugin refuses", () => {
  test.each<[string, Partial<WorkerOptions>, RegExp]>([
    ["a worker without a connection", { connection: undefined as never }, /given its connection/],
    ["activities that are called like ours", { activities: { callModel() {} } }, /callModel/],
    ["a bundle without our workflows", { workflowBundle: { code: "" } }, /has no agentRun/],
  ])("%s", async (_, options, message) => {
    await expect(hostWith(options)).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(message),
    });
  });

  test("an agent with a tool that nobody has, and two agents of one name", async () => {
    const clerk = { name: "clerk", instructions: "Look.", tools: ["stokc"] };
    await expect(hostWith({}, { agents: [clerk] })).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(/clerk names stokc.* There are: .*calculator/),
    });
    const twice = [clerk, { ...clerk, tools: [] }];
    await expect(hostWith({}, { agents: twice })).rejects.toMatchObject({ code: "CONFIG" });
  });

  test("to serve two workers", async () => {
    const plugin = pawlPlugin({ env: { ...world.env, PAWL_LOG_LEVEL: "silent" } });
    const first = await hostWith({ plugins: [plugin] });
    await expect(hostWith({ plugins: [plugin] })).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(/belongs to one worker/),
    });
    await first.runUntil(Promise.resolve());
  });
});
