// Random schedules against the rules of money, checked after every step: a few in `npm test`, many in CI, ten
// times as many at night.

import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../src/store/database.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { onEachDatabase } from "../support/each-database.ts";
import {
  assertAtRest,
  assertNoCapPassed,
  assertResolvedAs,
  assertSumsUp,
  assertUsageSumsUp,
  clearMoney,
  watchCaps,
} from "../support/ledger-rules.ts";
import {
  RUN_COUNT,
  accountKeys,
  openingCaps,
  operation,
  plan,
  runId,
  scopesIn,
  type Books,
  type Operation,
  type Schedule,
  type Step,
} from "../support/ledger-schedule.ts";
import { createModelBudgets } from "../support/model-budgets.ts";
import { createModelLedger } from "../support/model-ledger.ts";
import {
  plantCheckThenAdd,
  plantFarthestBudget,
  plantNoAccountLock,
  restoreFunctions,
} from "../support/plant-in-books.ts";
import { propertyRuns } from "../support/tier.ts";

const numRuns = propertyRuns(40, 20);
const timeoutMs = 60_000 + numRuns * 1_000;

onEachDatabase((underTest) => {
  beforeAll(() => watchCaps(underTest().db));
  const sequences = (minLength: number) =>
    fc.array(operation, { minLength, maxLength: 40, size: "max" });

  test(
    "B1, B2: one after the other, operations answer and leave behind what the model says",
    async () => {
      await fc.assert(
        fc.asyncProperty(openingCaps, sequences(10), (caps, operations) =>
          followsTheModel(underTest().db, createLedger(underTest().db), caps, operations),
        ),
        { numRuns, endOnFailure: true },
      );
    },
    timeoutMs,
  );

  test(
    "L7: all at once, in lanes of any number, operations never commit more than a cap, nor lose or double an amount",
    async () => {
      await fc.assert(
        fc.asyncProperty(openingCaps, bursts, workers, (caps, batches, count) =>
          keepsTheRules(underTest().db, booksOn(underTest().db, count), caps, batches),
        ),
        { numRuns, endOnFailure: true },
      );
    },
    timeoutMs,
  );

  describe("planted faults are caught", () => {
    afterEach(() => restoreFunctions(underTest().db));

    const firstFault = async (count: number, change: (books: Books) => Books = (as) => as) => {
      const { db } = underTest();
      const result = await fc.check(
        fc.asyncProperty(openingCaps, bursts, (caps, batches) =>
          keepsTheRules(db, change(booksOn(db, count)), caps, batches),
        ),
        { numRuns: 500, endOnFailure: true },
      );
      return String(result.errorInstance);
    };

    test("a ledger that checks first and adds later", async () => {
      if (underTest().name === "PGlite") return; // One session: nobody comes in between.
      await plantCheckThenAdd(underTest().db, 0.005);
      // What is planted locks too late, so it may also get into its own way.
      let fault = "deadlock";
      for (let tries = 0; tries < 5 && fault.includes("deadlock"); tries += 1) {
        fault = await firstFault(4);
      }
      expect(fault).toMatch(/more than their cap/);
    });

    test("a ledger that does not lock accounts", async () => {
      if (underTest().name === "PGlite") return;
      await plantNoAccountLock(underTest().db, 0.005);
      expect(await firstFault(4)).toMatch(/more than their cap|balances that are no sums/);
    });

    test("a raise that counts each time it is repeated", async () => {
      let told = 0;
      const fault = await firstFault(1, ({ ledger, budgets }) => ({
        ledger,
        budgets: {
          ...budgets,
          raise: (raise) => budgets.raise({ ...raise, raiseId: `${raise.raiseId}/${(told += 1)}` }),
        },
      }));
      expect(fault).toMatch(/a cap that is not/);
    });

    const differsFromModel = async (change: (real: Ledger) => Ledger): Promise<boolean> => {
      const { db } = underTest();
      const result = await fc.check(
        fc.asyncProperty(openingCaps, sequences(20), (caps, operations) =>
          followsTheModel(db, change(createLedger(db)), caps, operations),
        ),
        { numRuns: 500, endOnFailure: true },
      );
      return result.failed;
    };

    test("a ledger that forgives lost attempts", async () => {
      const forgiving = (real: Ledger): Ledger => ({
        ...real,
        lose: async (holdId) =>
          (await real.void(holdId, { sent: true })) === "voided" ? "lost" : "resolved",
      });
      expect(await differsFromModel(forgiving)).toBe(true);
    });

    test("books that take the default before a tenant's own budget", async () => {
      await plantFarthestBudget(underTest().db);
      expect(await differsFromModel((real) => real)).toBe(true);
    });

    test("a release that counts each time", async () => {
      const generous = (real: Ledger): Ledger => ({
        ...real,
        settleFeared: async (release) => {
          const { fearedMicroUsd } = await real.settleFeared(release);
          return { calls: release.holdIds.length, fearedMicroUsd };
        },
      });
      expect(await differsFromModel(generous)).toBe(true);
    });
  });
});

const bursts = fc.array(fc.array(operation, { minLength: 2, maxLength: 12, size: "max" }), {
  minLength: 2,
  maxLength: 5,
  size: "max",
});

const workers = fc.integer({ min: 1, max: 4 });

/** Each step is carried out by the next of so many workers, each with a lane of its own. */
function booksOn(db: Database, count: number): Books {
  const ledgers = Array.from({ length: count }, () => createLedger(db));
  let turn = 0;
  const next = (): Ledger => {
    const ledger = ledgers[turn++ % count];
    if (ledger === undefined) throw new Error("there is no worker");
    return ledger;
  };
  const ledger: Ledger = {
    resumeCall: (attempt) => next().resumeCall(attempt),
    startAttempt: (request) => next().startAttempt(request),
    settle: (settlement) => next().settle(settlement),
    lose: (holdId, loss) => next().lose(holdId, loss),
    void: (holdId, options) => next().void(holdId, options),
    closeRun: (run) => next().closeRun(run),
    totals: (run) => next().totals(run),
    sweep: () => next().sweep(),
    account: (key) => next().account(key),
    settleFeared: (release) => next().settleFeared(release),
    holdNoMore: () => undefined,
  };
  return { ledger, budgets: createBudgets(db) };
}

let schedulesMade = 0;

/** Balances of earlier schedules are gone, and their names are never used again. */
async function openSchedule(
  db: Database,
  caps: readonly (number | null)[],
  options: { readonly overruns: boolean },
): Promise<Schedule> {
  await clearMoney(db);
  schedulesMade += 1;
  return {
    name: `schedule-${schedulesMade}`,
    caps: [...caps],
    attempts: [],
    closed: new Set(),
    ...options,
  };
}

async function followsTheModel(
  db: Database,
  ledger: Ledger,
  caps: readonly (number | null)[],
  operations: readonly Operation[],
): Promise<void> {
  const budgets = createModelBudgets();
  const model = createModelLedger(budgets);
  const books = { ledger, budgets: createBudgets(db) };
  const schedule = await openSchedule(db, caps, { overruns: true });
  for (const op of operations) {
    const step = plan(schedule, op);
    expect(await answer(books, step)).toEqual(await answer({ ledger: model, budgets }, step));
    expect(await everythingIn(ledger, schedule)).toEqual(await everythingIn(model, schedule));
    await assertSumsUp(db);
  }
  await assertUsageSumsUp(db);
  await Promise.all([closeAll(ledger, schedule), closeAll(model, schedule)]);
  expect(await everythingIn(ledger, schedule)).toEqual(await everythingIn(model, schedule));
  await assertAtRest(db);
}

/**
 * The database itself writes down what passes a cap. Budgets and shares change before a burst, raises in the
 * midst of it.
 */
async function keepsTheRules(
  db: Database,
  books: Books,
  caps: readonly (number | null)[],
  batches: readonly (readonly Operation[])[],
): Promise<void> {
  const { ledger } = books;
  const schedule = await openSchedule(db, caps, { overruns: false });
  const budgets = createModelBudgets();
  const told: { holdId: string; as: string }[] = [];
  for (const batch of batches) {
    const steps = (kinds: (kind: Operation["kind"]) => boolean): Step[] =>
      batch.filter(({ kind }) => kinds(kind)).map((op) => plan(schedule, op));
    for (const step of steps((kind) => kind === "set-budget" || kind === "set-cap")) {
      await step.carryOut({ ledger, budgets });
      await step.carryOut(books);
    }
    const raises = batch.flatMap((op) => (op.kind === "raise" ? [op] : []));
    for (const op of raises) await plan(schedule, op).carryOut({ ledger, budgets });
    const others = steps((kind) => !["set-budget", "raise", "set-cap", "close"].includes(kind));
    const closing = steps((kind) => kind === "close");
    const raised = steps((kind) => kind === "raise");
    const raiseAll = async (): Promise<void> => {
      for (const step of [...raised, ...raised]) await answer(books, step);
    };
    const raising = raiseAll();
    await allOf(others, async (step) => {
      const as = resolutionIn(await answer(books, step));
      if (step.holdId !== null && as !== null) told.push({ holdId: step.holdId, as });
    });
    await raising;
    await allOf(closing, async (step) => void (await answer(books, step)));
    await assertNoCapPassed(db);
    await assertSumsUp(db);
    await assertUsageSumsUp(db);
    await assertCaps(books, schedule, budgets);
  }
  await closeAll(ledger, schedule);
  await assertSumsUp(db);
  await assertAtRest(db);
  for (const { holdId, as } of told) await assertResolvedAs(db, holdId, as);
}

/** B1, B2: what stands in the accounts is what was set and raised, once. */
async function assertCaps(
  { ledger }: Books,
  schedule: Schedule,
  budgets: ReturnType<typeof createModelBudgets>,
): Promise<void> {
  for (const scope of scopesIn(schedule)) {
    const account = await ledger.account(scope.key);
    const cap = budgets.capOf(scope);
    if (account !== null && account.capMicroUsd !== cap) {
      throw new Error(`${scope.key} has a cap that is not ${cap}: ${account.capMicroUsd}`);
    }
  }
}

/** All at once; fails when all have ended, so that none runs on into the next schedule. */
async function allOf<T>(items: readonly T[], carryOut: (item: T) => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(items.map(carryOut));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

/** What a ledger refuses is an answer too; any other error is a failure. */
async function answer(books: Books, step: Step): Promise<unknown> {
  try {
    return await step.carryOut(books);
  } catch (error) {
    const refused = error instanceof Error && REFUSAL.exec(error.message);
    if (!refused) throw error;
    return refused[0];
  }
}

const REFUSAL = /an attempt that is over needs a new hold|so this one is over/;

function resolutionIn(given: unknown): string | null {
  if (given === "lost" || given === "voided") return given;
  const settled =
    typeof given === "object" && given !== null && "kind" in given && given.kind === "settled";
  return settled ? "settled" : null;
}

async function everythingIn(ledger: Ledger, schedule: Schedule): Promise<unknown> {
  const accounts = accountKeys(schedule).map((key) => ledger.account(key));
  const runs = Array.from({ length: RUN_COUNT }, (_, index) =>
    ledger.totals(runId(schedule, index)),
  );
  return Promise.all([...accounts, ...runs]);
}

async function closeAll(ledger: Ledger, schedule: Schedule): Promise<void> {
  for (let run = 0; run < RUN_COUNT; run += 1) await ledger.closeRun(runId(schedule, run));
}
