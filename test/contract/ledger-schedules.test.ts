// Random schedules against the rules of money, checked after every step. PAWL_PROPERTY_RUNS sets how
// many schedules each database gets.

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../src/store/database.ts";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { createCheckThenAddLedger } from "../support/check-then-add-ledger.ts";
import { onEachDatabase } from "../support/each-database.ts";
import {
  assertAtRest,
  assertResolvedAs,
  assertSumsUp,
  assertWithinCaps,
} from "../support/ledger-rules.ts";
import {
  ACCOUNT_COUNT,
  RUN_COUNT,
  accountKey,
  openingCaps,
  operation,
  plan,
  runId,
  type Operation,
  type Schedule,
  type Step,
} from "../support/ledger-schedule.ts";
import { createModelLedger } from "../support/model-ledger.ts";

const numRuns = Number(process.env["PAWL_PROPERTY_RUNS"] ?? 80);
const timeoutMs = 60_000 + numRuns * 1_000;

onEachDatabase((underTest) => {
  test(
    "one after the other, operations answer and leave behind what the model says",
    async () => {
      const schedules = fc.array(operation, { minLength: 10, maxLength: 40, size: "max" });
      await fc.assert(
        fc.asyncProperty(openingCaps, schedules, (caps, operations) =>
          followsTheModel(underTest().db, createLedger(underTest().db), caps, operations),
        ),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    "all at once, operations never commit more than a cap, nor lose or double an amount",
    async () => {
      await fc.assert(
        fc.asyncProperty(openingCaps, bursts, (caps, batches) =>
          keepsTheRules(underTest().db, createLedger(underTest().db), caps, batches),
        ),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test("the check of the rules catches a ledger that checks first and adds later", async () => {
    const { db } = underTest();
    const result = await fc.check(
      fc.asyncProperty(openingCaps, bursts, (caps, batches) =>
        keepsTheRules(db, createCheckThenAddLedger(db), caps, batches),
      ),
      { numRuns: 500, endOnFailure: true },
    );
    expect(String(result.errorInstance)).toMatch(/more than its cap/);
  });

  test("the check against the model catches a ledger that forgives lost attempts", async () => {
    const { db } = underTest();
    const real = createLedger(db);
    const forgiving: Ledger = {
      ...real,
      charge: async (holdId) =>
        (await real.void(holdId, { sent: true })) === "voided" ? "charged" : "resolved",
    };
    const result = await fc.check(
      fc.asyncProperty(
        openingCaps,
        fc.array(operation, { minLength: 20, maxLength: 40, size: "max" }),
        (caps, operations) => followsTheModel(db, forgiving, caps, operations),
      ),
      { numRuns: 500, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});

const bursts = fc.array(fc.array(operation, { minLength: 2, maxLength: 12, size: "max" }), {
  minLength: 2,
  maxLength: 5,
  size: "max",
});

let schedulesMade = 0;

/** Balances of earlier schedules are gone, and their names are never used again. */
async function openSchedule(
  db: Database,
  caps: readonly (number | null)[],
  options: { readonly overruns: boolean },
): Promise<Schedule> {
  await db.script("truncate pawl.account, pawl.hold, pawl.reply");
  schedulesMade += 1;
  return { name: `schedule-${schedulesMade}`, caps: [...caps], attempts: [], ...options };
}

async function followsTheModel(
  db: Database,
  ledger: Ledger,
  caps: readonly (number | null)[],
  operations: readonly Operation[],
): Promise<void> {
  const model = createModelLedger();
  const schedule = await openSchedule(db, caps, { overruns: true });
  for (const op of operations) {
    const step = plan(schedule, op);
    expect(await answer(ledger, step)).toEqual(await answer(model, step));
    expect(await everythingIn(ledger, schedule)).toEqual(await everythingIn(model, schedule));
    await assertSumsUp(db);
  }
  await Promise.all([closeAll(ledger, schedule), closeAll(model, schedule)]);
  expect(await everythingIn(ledger, schedule)).toEqual(await everythingIn(model, schedule));
  await assertAtRest(db);
}

/** Caps stay as they are here, so that every account can be held to its own at every moment. */
async function keepsTheRules(
  db: Database,
  ledger: Ledger,
  caps: readonly (number | null)[],
  batches: readonly (readonly Operation[])[],
): Promise<void> {
  const schedule = await openSchedule(db, caps, { overruns: false });
  const capOf = new Map(caps.map((cap, index) => [accountKey(schedule, index), cap]));
  const told: { holdId: string; as: string }[] = [];
  for (const batch of batches) {
    const steps = batch.filter(({ kind }) => kind !== "set-cap").map((op) => plan(schedule, op));
    await allOf(steps, async (step) => {
      const as = resolutionIn(await answer(ledger, step));
      if (step.holdId !== null && as !== null) told.push({ holdId: step.holdId, as });
      await assertWithinCaps(db, (key) => capOf.get(key) ?? null);
    });
    await assertSumsUp(db);
  }
  await closeAll(ledger, schedule);
  await assertSumsUp(db);
  await assertAtRest(db);
  for (const { holdId, as } of told) await assertResolvedAs(db, holdId, as);
}

/** All at once; fails when all have ended, so that none runs on into the next schedule. */
async function allOf<T>(items: readonly T[], carryOut: (item: T) => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(items.map(carryOut));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** What a ledger refuses is an answer too; any other error is a failure. */
async function answer(ledger: Ledger, step: Step): Promise<unknown> {
  try {
    return await step.carryOut(ledger);
  } catch (error) {
    const refused = error instanceof Error && REFUSAL.exec(error.message);
    if (!refused) throw error;
    return refused[0];
  }
}

const REFUSAL = /an attempt that is over needs a new hold|so this one is over|there is no hold/;

function resolutionIn(given: unknown): string | null {
  if (given === "charged" || given === "voided") return given;
  const settled =
    typeof given === "object" && given !== null && "kind" in given && given.kind === "settled";
  return settled ? "settled" : null;
}

async function everythingIn(ledger: Ledger, schedule: Schedule): Promise<unknown> {
  const accounts = Array.from({ length: ACCOUNT_COUNT }, (_, index) =>
    ledger.account(accountKey(schedule, index)),
  );
  const runs = Array.from({ length: RUN_COUNT }, (_, index) =>
    ledger.totals(runId(schedule, index)),
  );
  return Promise.all([...accounts, ...runs]);
}

async function closeAll(ledger: Ledger, schedule: Schedule): Promise<void> {
  for (let run = 0; run < RUN_COUNT; run += 1) await ledger.closeRun(runId(schedule, run));
}
