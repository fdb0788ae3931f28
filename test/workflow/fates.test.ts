// W1: what Temporal says of runs that left no word of their end.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Client, Connection } from "@temporalio/client";
import { fatesIn } from "../../src/worker/ended-when.ts";
import { ownNamespace } from "../support/shared-servers.ts";

let connection: Connection;
let client: Client;
let namespace: string;

beforeAll(async () => {
  const own = await ownNamespace();
  namespace = own.namespace;
  connection = await Connection.connect({ address: own.address });
  client = new Client({ connection, namespace });
});
afterAll(() => connection?.close());

/** No worker takes it: it is open until somebody ends it. */
async function started(): Promise<string> {
  const workflowId = `run_${randomUUID()}`;
  await client.workflow.start("agentRun", { workflowId, taskQueue: "nobody" });
  return workflowId;
}

test("one that waits is open, however long", async () => {
  expect(await fatesIn(connection, namespace)(await started())).toEqual({ kind: "open" });
});

test("one that was terminated has ended then", async () => {
  const before = Date.now() - 1000;
  const runId = await started();
  await client.workflow.getHandle(runId).terminate("so");
  const fate = await fatesIn(connection, namespace)(runId);
  expect(fate).toMatchObject({ kind: "ended" });
  expect(fate.kind === "ended" && fate.atMs).toBeGreaterThan(before);
});

test("one that was started anew under its id is open", async () => {
  const runId = await started();
  await client.workflow.getHandle(runId).terminate("so");
  await client.workflow.start("agentRun", { workflowId: runId, taskQueue: "nobody" });
  expect(await fatesIn(connection, namespace)(runId)).toEqual({ kind: "open" });
});

test("one that it does not know, or no longer, is forgotten", async () => {
  expect(await fatesIn(connection, namespace)("run_unknown")).toEqual({ kind: "forgotten" });
});

test("where it can't be asked, nobody is taken for forgotten", async () => {
  await expect(fatesIn(connection, "no-such-namespace")("run_unknown")).rejects.toThrow();
});
