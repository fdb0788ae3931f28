// R7: messages under bad weather: a flood of them, workers that die, and one that comes as the run ends.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import postgres from "postgres";
import type { UserMessage } from "../../src/domain/run/order.ts";
import { SIGNALS } from "../../src/temporal/names.ts";
import { heldRequest, patience, requestsOf, startRun } from "../support/chaos.ts";
import { until, type Process } from "../support/processes.ts";
import { blocksSent, expectOnlyGrowth, PATIENT } from "../support/run-bench.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let worker: Process;

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  worker = await world.startWorker();
}, 180_000);
afterEach(() => world.model.reset());
afterAll(() => world?.close());

const LIMITS = { limits: { tokens: 200_000 } };
const sum = { reply: { toolCalls: [{ name: "calculator", input: { expression: "1+1" } }] } };
const done = (text: string): object => ({ reply: { text } });

/** What people said, in the order in which the model has read it. */
async function heard(runId: string): Promise<readonly string[]> {
  const requests = await requestsOf(world, runId);
  expectOnlyGrowth(requests);
  const newest = requests.at(-1);
  if (newest === undefined) return [];
  return blocksSent(newest).flatMap(({ role, block }) =>
    role === "user" && "text" in block && String(block["text"]).startsWith("said ")
      ? [String(block["text"])]
      : [],
  );
}

describe("R7: what people say", () => {
  it(
    "is heard in full and in order, be it 2,000 messages in one burst",
    async () => {
      await world.model.script([
        { ...sum, hold: true },
        { ...done("Heard."), times: 9 },
      ]);
      const runId = await startRun(world, LIMITS);
      await heldRequest(world, runId);
      const texts = Array.from({ length: 2000 }, (_, index) => `said ${index}`);
      await withTemporalClient(world.temporal, async (client) => {
        const handle = client.workflow.getHandle(runId);
        for (let at = 0; at < texts.length; at += 100) {
          const burst = texts.slice(at, at + 100).map((text) => {
            const message: UserMessage = { messageId: text, text, mode: "queue", by: "flood" };
            return handle.signal(SIGNALS.say, message);
          });
          await Promise.all(burst);
        }
      });
      await world.model.release();
      const result = await world.client.result(runId);
      expect(result.outcome).toEqual({ kind: "answered" });
      const order = await signalled(runId);
      expect(order).toHaveLength(2000);
      expect(new Set(order).size).toBe(2000);
      expect(await heard(runId)).toEqual(order);
    },
    patience(),
  );

  it(
    "is heard once and in order while workers are killed",
    async () => {
      await world.model.pace(2);
      await world.model.script([
        { ...sum, times: 25 },
        { ...done("Heard."), times: 40 },
      ]);
      const runId = await startRun(world, { limits: { costMicroUsd: 900_000 } });
      const accepted: string[] = [];
      for (let n = 0; n < 24; n += 1) {
        const text = `said ${n}`;
        const isIn = await world.client.say(runId, { text, by: "ada", messageId: text }).then(
          () => true,
          () => false,
        );
        if (!isIn) break;
        accepted.push(text);
        // Repeating is harmless, whoever heard the first.
        await world.client.say(runId, { text, by: "ada", messageId: text }).catch(() => undefined);
        if (n % 6 !== 3) continue;
        await worker.kill();
        worker = await world.startWorker();
      }
      const result = await world.client.result(runId);
      expect(result.outcome).toEqual({ kind: "answered" });
      expect(accepted.length).toBeGreaterThan(6);
      expect(await heard(runId)).toEqual(accepted);
      expect(result.costUsd * 1_000_000).toBeGreaterThanOrEqual(
        await world.model.billedMicroUsd(runId),
      );
    },
    patience(),
  );

  it(
    "while the run is being closed is answered, and the books are closed again",
    async () => {
      const sql = postgres(world.database.url, { max: 1, onnotice: () => undefined });
      await sql.unsafe(`
        create function pawl.wait_at_close() returns trigger language plpgsql as
          $$ begin perform pg_advisory_xact_lock(4242); return old; end $$;
        create trigger wait_at_close before delete on pawl.reply
          for each row execute function pawl.wait_at_close()`);
      await sql`select pg_advisory_lock(4242)`;
      await world.model.script([done("42."), done("43.")]);
      const runId = await startRun(world);
      await until("the run is being closed", async () => {
        const [row] = await sql`select count(*)::int as waiting from pg_locks
          where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`;
        return Number(row?.["waiting"]) > 0;
      });
      await world.client.say(runId, { text: "said late", by: "ada" });
      await sql`select pg_advisory_unlock(4242)`;
      const result = await world.client.result(runId);
      await sql.unsafe("drop function pawl.wait_at_close() cascade");
      await sql.end();
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "43.", modelCalls: 2 });
      expect(await heard(runId)).toEqual(["said late"]);
    },
    patience(),
  );
});

/** In the order of the run's histories; a burst has no other. */
async function signalled(runId: string): Promise<readonly string[]> {
  const events: string[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "message.received") events.push(event.text);
  }
  return events;
}
