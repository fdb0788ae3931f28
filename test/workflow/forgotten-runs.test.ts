// Runs that Temporal has forgotten, as it does when their retention is over: another namespace, which never
// knew them, over the database that did.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connect } from "../../src/client/connect.ts";
import { createRunClient, type RunClient } from "../../src/client/run-client.ts";
import { readConfig } from "../../src/config.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { ownNamespace } from "../support/shared-servers.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
/** Of the namespace that knows nothing. */
let later: RunClient;
const ORDER = { task: "Say a word about pawls.", tenant: "acme", session: "s1", key: "order-1" };

beforeAll(async () => {
  world = await openWorld();
  await world.startWorker();
  const { address, namespace } = await ownNamespace();
  const databaseUrl = world.database.url;
  later = createRunClient(
    await connect(readConfig(world.env), { temporalAddress: address, namespace, databaseUrl }),
  );
}, 180_000);
afterAll(async () => {
  await later?.close();
  await world?.close();
}, 60_000);

async function eventsOf(
  client: RunClient,
  runId: string,
  after?: string,
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  const place = after === undefined ? {} : { after };
  for await (const event of client.watch(runId, place)) events.push(event);
  return events;
}

test("a run that Temporal has forgotten still answers, and its key starts no other", async () => {
  const { runId, traceId } = await world.client.start(ORDER);
  const result = await world.client.result(runId);
  const before = await world.client.show(runId);
  const live = await eventsOf(world.client, runId);

  expect(await later.result(runId)).toEqual(result);
  expect(await later.show(runId)).toEqual({
    ...before,
    about: { ...before.about, link: null },
  });
  expect(await later.about(runId)).toMatchObject({ tenant: "acme", outcome: "answered" });

  const events = await eventsOf(later, runId);
  expect(events).toMatchObject([
    { type: "run.started", task: ORDER.task, traceId },
    { type: "run.ended", result },
  ]);
  const inBetween = live.find(({ type }) => type === "turn.started");
  expect(await eventsOf(later, runId, inBetween?.id)).toEqual(events.slice(1));

  const again = await later.start(ORDER);
  expect(again).toMatchObject({ runId, traceId, created: false });
  await expect(later.start({ ...ORDER, task: "Another one." })).rejects.toMatchObject({
    code: "IDEMPOTENCY_MISMATCH",
  });
  await expect(later.result("run_never")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
}, 120_000);

test("runs that ended are counted, with what they cost and how long they took", async () => {
  const { runId } = await world.client.start({ ...ORDER, tenant: "counted" });
  const { costUsd, durationMs } = await world.client.result(runId);
  expect(await world.client.endedStats({ tenant: "counted", sinceMs: 0 })).toEqual({
    ended: 1,
    byOutcome: { answered: 1 },
    errorRate: 0,
    durationMsAvg: durationMs,
    spentMicroUsd: Math.round(costUsd * 1_000_000),
  });
}, 60_000);
