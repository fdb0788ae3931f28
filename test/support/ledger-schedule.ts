// Random schedules of ledger operations, over few runs and accounts so that they get in each other's way.

import fc from "fast-check";
import type { BudgetName } from "../../src/domain/budget.ts";
import { budgetKey } from "../../src/domain/budget.ts";
import type { Budgets } from "../../src/store/budgets.ts";
import type { Account, AttemptRequest, Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "./attempts.ts";

export type Operation =
  | {
      /** A new attempt of a run: after a crash where the run still has one open. */
      readonly kind: "start";
      readonly run: number;
      readonly turn: number;
      readonly accounts: readonly number[];
      readonly fixedMicroUsd: number;
      readonly replyRate: number;
      readonly replyTokensMin: number;
      readonly replyTokensMore: number;
      readonly diesAtOnce: boolean;
    }
  /** The others name an attempt by when it was started; it may have been resolved long ago. */
  | { readonly kind: "repeat"; readonly attempt: number }
  /** By that attempt itself, or by one that comes after all others at its call. */
  | { readonly kind: "resume"; readonly attempt: number; readonly isNext: boolean }
  | { readonly kind: "settle"; readonly attempt: number; readonly actualMicroUsd: number }
  | { readonly kind: "charge"; readonly attempt: number }
  | { readonly kind: "void"; readonly attempt: number; readonly sent: boolean }
  | { readonly kind: "sweep" }
  | { readonly kind: "close"; readonly run: number }
  | { readonly kind: "set-cap"; readonly account: number; readonly capMicroUsd: number | null }
  /** Of one account, or the default of all; no cap to go by any more where it is unset. */
  | {
      readonly kind: "set-budget";
      readonly account: number | null;
      readonly capMicroUsd: number | null | "unset";
    }
  | {
      readonly kind: "raise";
      readonly account: number;
      readonly raise: number;
      readonly addedMicroUsd: number;
    };

/** What operations are carried out on. */
export interface Books {
  readonly ledger: Ledger;
  readonly budgets: Pick<Budgets, "set" | "unset" | "raise">;
}

export const RUN_COUNT = 4;
export const ACCOUNT_COUNT = 4;
const CAP_MAX = 3_000;

const attempt = fc.nat({ max: 30 });
const run = fc.nat({ max: RUN_COUNT - 1 });
const cap = fc.option(fc.nat({ max: CAP_MAX }), { freq: 8 });

const start: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant("start"),
  run,
  turn: fc.nat({ max: 2 }),
  accounts: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 }),
  fixedMicroUsd: fc.nat({ max: 300 }),
  replyRate: fc.constantFrom(0, 1, 300_000, 1_000_000, 7_500_000),
  replyTokensMin: fc.nat({ max: 50 }),
  replyTokensMore: fc.nat({ max: 200 }),
  diesAtOnce: fc.boolean(),
});

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: start },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repeat"), attempt }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("resume"), attempt, isNext: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("settle"),
      attempt,
      actualMicroUsd: fc.nat({ max: 600 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("charge"), attempt }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("void"), attempt, sent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close"), run }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("set-cap"),
      account: fc.nat({ max: ACCOUNT_COUNT - 1 }),
      capMicroUsd: cap,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("set-budget"),
      account: fc.option(fc.nat({ max: ACCOUNT_COUNT - 1 }), { freq: 3 }),
      capMicroUsd: fc.oneof({ weight: 4, arbitrary: cap }, fc.constant("unset")),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("raise"),
      account: fc.nat({ max: ACCOUNT_COUNT - 1 }),
      // Few, so that some come twice.
      raise: fc.nat({ max: 5 }),
      addedMicroUsd: fc.nat({ max: 500 }),
    }),
  },
);

export const openingCaps = fc.array(cap, { minLength: ACCOUNT_COUNT, maxLength: ACCOUNT_COUNT });

/** What a driver remembers of a schedule: the caps of this moment and the attempts made so far. */
export interface Schedule {
  readonly name: string;
  readonly caps: (number | null)[];
  readonly attempts: AttemptRequest[];
  /** Whether a settlement may cost more than its hold. */
  readonly overruns: boolean;
}

/** What an operation means at this point of the schedule, to be carried out on any ledger. */
export interface Step {
  /** The attempt that it resolves, if it is one. */
  readonly holdId: string | null;
  carryOut(books: Books): Promise<unknown>;
}

export function accountKey(schedule: Schedule, account: number): string {
  return `${schedule.name}/account-${account}`;
}

export function runId(schedule: Schedule, of: number): string {
  return `${schedule.name}/run-${of}`;
}

export function plan(schedule: Schedule, op: Operation): Step {
  switch (op.kind) {
    case "start": {
      const request = requestOf(schedule, op);
      schedule.attempts.push(request);
      return { holdId: null, carryOut: ({ ledger }) => ledger.startAttempt(request) };
    }
    case "set-cap":
      schedule.caps[op.account] = op.capMicroUsd;
      return { holdId: null, carryOut: async () => null };
    case "set-budget": {
      const name = budgetName(schedule, op.account);
      const { capMicroUsd } = op;
      return {
        holdId: null,
        carryOut: ({ budgets }) =>
          capMicroUsd === "unset" ? budgets.unset(name) : budgets.set(name, capMicroUsd),
      };
    }
    case "raise": {
      const { addedMicroUsd } = op;
      const account = accountOf(schedule, op.account);
      const raiseId = `${account.key}/raise-${op.raise}`;
      return {
        holdId: null,
        carryOut: ({ budgets }) => budgets.raise({ raiseId, account, addedMicroUsd }),
      };
    }
    case "sweep":
      return { holdId: null, carryOut: ({ ledger }) => ledger.sweep() };
    case "close":
      return { holdId: null, carryOut: ({ ledger }) => ledger.closeRun(runId(schedule, op.run)) };
    case "repeat":
    case "resume":
    case "settle":
    case "charge":
    case "void":
      return planOnAttempt(schedule, op);
  }
}

type OnAttempt = Extract<Operation, { readonly attempt: number }>;

function planOnAttempt(schedule: Schedule, op: OnAttempt): Step {
  const request = schedule.attempts[op.attempt % schedule.attempts.length];
  if (request === undefined) return { holdId: null, carryOut: async () => null };
  const carryOut = onAttempt(op, request, schedule);
  const resolvesNone = op.kind === "repeat" || op.kind === "resume";
  return { holdId: resolvesNone ? null : request.holdId, carryOut };
}

function budgetName({ name }: Schedule, account: number | null): BudgetName {
  const every: BudgetName = { scope: "session", tenant: name };
  return account === null ? every : { ...every, session: String(account) };
}

/** As the worker would describe it at this point. */
export function accountOf(schedule: Schedule, account: number): Account {
  return {
    key: accountKey(schedule, account),
    limit: "session",
    capMicroUsd: schedule.caps[account] ?? null,
    resetsAt: null,
    budgets: [budgetName(schedule, account), budgetName(schedule, null)].map(budgetKey),
  };
}

function onAttempt(
  op: OnAttempt,
  request: AttemptRequest,
  { overruns, attempts }: Schedule,
): Step["carryOut"] {
  const { holdId, worst } = request;
  const actual = (wanted: number) => (overruns ? wanted : Math.min(wanted, worst.fixedMicroUsd));
  switch (op.kind) {
    case "repeat":
      return ({ ledger }) => ledger.startAttempt(request);
    case "resume": {
      const number = attempts.length + 1;
      const next = { ...request, attempt: number, holdId: `${request.callKey}/${number}` };
      return ({ ledger }) => ledger.resumeCall(op.isNext ? next : request);
    }
    case "settle":
      return ({ ledger }) => ledger.settle(aSettlement(holdId, actual(op.actualMicroUsd)));
    case "charge":
      return ({ ledger }) => ledger.charge(holdId);
    case "void":
      return ({ ledger }) => ledger.void(holdId, { sent: op.sent });
  }
}

function requestOf(schedule: Schedule, op: Extract<Operation, { kind: "start" }>): AttemptRequest {
  const accounts = op.accounts.map((index) => accountOf(schedule, index));
  return anAttempt(runId(schedule, op.run), accounts, {
    turn: op.turn,
    attempt: schedule.attempts.length + 1,
    worst: { fixedMicroUsd: op.fixedMicroUsd, replyRate: op.replyRate },
    replyTokensMin: op.replyTokensMin,
    replyTokensMax: op.replyTokensMin + op.replyTokensMore,
    deadAfterMs: op.diesAtOnce ? 0 : 3_600_000,
  });
}
