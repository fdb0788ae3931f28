// The same order sent five times at once, to gateways that are killed meanwhile: one run per key. No
// worker is needed, since a run that was accepted waits for one.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  ask,
  keyFor,
  startGateway,
  type Answer,
  type GatewayProcess,
} from "../support/gateway-process.ts";
import { freePort, until } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

/** All of them where many rounds are asked for. */
const KEYS = ROUNDS > 1 ? 500 : 40;
const COPIES = 5;
const KEYS_AT_ONCE = 10;
/** A gateway lives until this many keys more are answered; where many are answered in one moment, it lives longer. */
const KEYS_PER_LIFE = 10;
const KILLS_MIN = ROUNDS > 1 ? KEYS / KEYS_PER_LIFE / 2 : 1;

let world: World;
let apiKey: string;
let port: number;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await openWorld();
  apiKey = await keyFor(world, "acme", "runs:write");
  port = await freePort();
  gateway = await startGateway(world, { port });
}, 240_000);
afterAll(async () => {
  await gateway?.process.kill();
  await world?.close();
}, 60_000);

/** Sends until somebody answers: a gateway that died says nothing, and neither does its successor yet. */
async function submit(key: string, task: string): Promise<Answer> {
  return await until(
    `the order ${key} is answered`,
    async () => {
      const sent = ask(gateway.url, "POST /v1/runs", {
        key: apiKey,
        body: { task },
        headers: { "idempotency-key": key },
      });
      const answer = await sent.catch(() => null);
      return answer !== null && answer.status < 500 ? answer : null;
    },
    300_000,
  );
}

test("500 keys, five parallel submits each, gateways killed in between: one run per key", async () => {
  const answers = new Map<string, readonly Answer[]>();
  let kills = 0;
  let isOver = false;
  const killing = (async () => {
    while (true) {
      const before = answers.size;
      await until(
        "some more are answered",
        () => answers.size >= before + KEYS_PER_LIFE || isOver,
        300_000,
      );
      if (isOver) break;
      await gateway.process.kill();
      kills += 1;
      gateway = await startGateway(world, { port });
    }
  })();
  const names = Array.from({ length: KEYS }, (_, index) => `key-${index}`);
  const submitAll = async (): Promise<void> => {
    for (let key = names.shift(); key !== undefined; key = names.shift()) {
      const task = `Task of ${key}`;
      const copies = Array.from({ length: COPIES }, () => submit(key, task));
      answers.set(key, await Promise.all(copies));
    }
  };
  await Promise.all(Array.from({ length: KEYS_AT_ONCE }, submitAll));
  isOver = true;
  await killing;

  const idsOf = (copies: readonly Answer[]) => new Set(copies.map(({ json }) => json?.["runId"]));
  expect(answers.size).toBe(KEYS);
  for (const [key, copies] of answers) {
    expect([key, copies.map(({ status }) => status < 300)]).toEqual([key, copies.map(() => true)]);
    expect([key, idsOf(copies).size]).toEqual([key, 1]);
    // Fewer than one where the gateway died between the start and its answer.
    expect(copies.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
  }
  const started = new Set([...answers.values()].flatMap((copies) => [...idsOf(copies)]));
  expect(started.size).toBe(KEYS);
  await until("all of them are listed", async () => {
    const listed = await world.client.list({ tenant: "acme", limit: 1000 });
    expect(listed.length).toBeLessThanOrEqual(KEYS);
    return listed.length === KEYS;
  });
  expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
  process.stderr.write(`chaos: submits: ${KEYS} keys × ${COPIES}, ${kills} gateways killed\n`);
}, 1_200_000);

test("the same key with another body is refused, whoever asks first", async () => {
  const first = await submit("bound", "The first task");
  const other = await submit("bound", "Another task");
  expect([other.status, other.json?.["code"]]).toEqual([409, "IDEMPOTENCY_MISMATCH"]);
  const again = await submit("bound", "The first task");
  expect([again.status, again.json?.["runId"]]).toEqual([200, first.json?.["runId"]]);
});
