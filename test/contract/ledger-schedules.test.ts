// Random schedules against the rules of money, checked after every step: a few in `npm test`, many in CI, ten
// times as many at night.

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../src/store/database.ts";
import { createBudgets } from "../../src/store/budgets.ts";
import { createLedger, type Account, type Ledger } from "../../src/store/ledger.ts";
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
  accountOf,
  openingCaps,
  operation,
  plan,
  runId,
  type Books,
  type Operation,
  type Schedule,
  type Step,
} from "../support/ledger-schedule.ts";
import { createModelBudgets } from "../support/model-budgets.ts";
import { createModelLedger } from "../support/model-ledger.ts";
import { propertyRuns } from "../support/tier.ts";

const numRuns = propertyRuns(80, 20);
const timeoutMs = 60_000 + numRuns * 1_000;

onEachDatabase((underTest) => {
  test(
    "B1, B2: one after the other, operations answer and leave behind what the model says",
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
          keepsTheRules(underTest().db, booksOn(underTest().db), caps, batches),
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
        keepsTheRules(db, { ...booksOn(db), ledger: createCheckThenAddLedger(db) }, caps, batches),
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

  test.each<[string, (account: Account) => Account]>([
    ["that asks for no budget", (account) => ({ ...account, budgets: [] })],
    [
      "that takes the default before a tenant's own",
      (account) => ({ ...account, budgets: account.budgets?.toReversed() ?? [] }),
    ],
  ])("the check against the model catches a worker %s", async (_mistake, wrong) => {
    const { db } = underTest();
    const real = createLedger(db);
    const mistaken: Ledger = {
      ...real,
      startAttempt: (request) =>
        real.startAttempt({ ...request, accounts: request.accounts.map(wrong) }),
    };
    const result = await fc.check(
      fc.asyncProperty(
        openingCaps,
        fc.array(operation, { minLength: 20, maxLength: 40, size: "max" }),
        (caps, operations) => followsTheModel(db, mistaken, caps, operations),
      ),
      { numRuns: 500, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });

  test("the check of the rules catches a raise that counts each time it is repeated", async () => {
    const { db } = underTest();
    const real = createBudgets(db);
    let told = 0;
    const budgets: Books["budgets"] = {
      ...real,
      raise: (raise) => real.raise({ ...raise, raiseId: `${raise.raiseId}/${(told += 1)}` }),
    };
    const result = await fc.check(
      fc.asyncProperty(openingCaps, bursts, (caps, batches) =>
        keepsTheRules(db, { ...booksOn(db), budgets }, caps, batches),
      ),
      { numRuns: 500, endOnFailure: true },
    );
    expect(String(result.errorInstance)).toMatch(/more than its cap/);
  });
});

const bursts = fc.array(fc.array(operation, { minLength: 2, maxLength: 12, size: "max" }), {
  minLength: 2,
  maxLength: 5,
  size: "max",
});

function booksOn(db: Database): Books {
  return { ledger: createLedger(db), budgets: createBudgets(db) };
}

let schedulesMade = 0;

/** Balances of earlier schedules are gone, and their names are never used again. */
async function openSchedule(
  db: Database,
  caps: readonly (number | null)[],
  options: { readonly overruns: boolean },
): Promise<Schedule> {
  await db.script(
    "truncate pawl.account, pawl.hold, pawl.reply, pawl.budget, pawl.budget_raise cascade",
  );
  schedulesMade += 1;
  return { name: `schedule-${schedulesMade}`, caps: [...caps], attempts: [], ...options };
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
  await Promise.all([closeAll(ledger, schedule), closeAll(model, schedule)]);
  expect(await everythingIn(ledger, schedule)).toEqual(await everythingIn(model, schedule));
  await assertAtRest(db);
}

/**
 * A cap that is lowered takes nothing back, so every account is held to the highest it ever had. Within
 * a batch the worker's caps stay, budgets are set before it, and raised in the midst of it.
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
  const highest = new Map<string, number>();
  const note = (): void => {
    for (let index = 0; index < ACCOUNT_COUNT; index += 1) {
      const account = accountOf(schedule, index);
      const cap = budgets.capOf(account) ?? Number.POSITIVE_INFINITY;
      highest.set(account.key, Math.max(cap, highest.get(account.key) ?? 0));
    }
  };
  note();
  const told: { holdId: string; as: string }[] = [];
  for (const batch of batches) {
    const steps = (kinds: (kind: Operation["kind"]) => boolean): Step[] =>
      batch.filter(({ kind }) => kinds(kind)).map((op) => plan(schedule, op));
    for (const step of steps((kind) => kind === "set-budget")) {
      await step.carryOut({ ledger, budgets });
      await step.carryOut(books);
      note();
    }
    const raises = batch.flatMap((op) => (op.kind === "raise" ? [op] : []));
    // Of two with one id the first to arrive counts, and all arrive at once: the model takes the larger.
    const largestFirst = raises.toSorted((a, b) => b.addedMicroUsd - a.addedMicroUsd);
    for (const op of largestFirst) await plan(schedule, op).carryOut({ ledger, budgets });
    note();
    const others = steps((kind) => !["set-budget", "raise", "set-cap"].includes(kind));
    const raised = steps((kind) => kind === "raise");
    await allOf([...raised, ...raised, ...others], async (step) => {
      const as = resolutionIn(await answer(books, step));
      if (step.holdId !== null && as !== null) told.push({ holdId: step.holdId, as });
      await assertWithinCaps(db, (key) => highest.get(key) ?? null);
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
async function answer(books: Books, step: Step): Promise<unknown> {
  try {
    return await step.carryOut(books);
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
