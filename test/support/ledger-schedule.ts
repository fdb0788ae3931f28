// Random schedules of ledger operations, over few runs and accounts so that they get in each other's way.

import fc from "fast-check";
import { budgetKey, type BudgetName } from "../../src/domain/budget.ts";
import type { Payer, Share } from "../../src/domain/call.ts";
import type { Budgets } from "../../src/store/budgets.ts";
import type { AttemptRequest, Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "./attempts.ts";
import { scopesOf, type Scope } from "./model-budgets.ts";

export type Operation =
  | {
      /** A new attempt of a run: after a crash where the run still has one open. */
      readonly kind: "start";
      readonly run: number;
      readonly turn: number;
      /** Those of the orders that it belongs to. */
      readonly shares: readonly number[];
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
  /** With what is known of its cost, if anything is. */
  | { readonly kind: "lose"; readonly attempt: number; readonly spentMicroUsd: number | null }
  | { readonly kind: "release"; readonly attempt: number; readonly actualMicroUsd: number }
  | { readonly kind: "void"; readonly attempt: number; readonly sent: boolean }
  | { readonly kind: "sweep" }
  | { readonly kind: "close"; readonly run: number }
  | { readonly kind: "set-cap"; readonly share: number; readonly capMicroUsd: number | null }
  /** Of one payer or the default of many; no cap to go by any more where it is unset. */
  | {
      readonly kind: "set-budget";
      readonly budget: number;
      readonly capMicroUsd: number | null | "unset";
    }
  | {
      readonly kind: "raise";
      readonly budget: number;
      readonly raise: number;
      readonly addedMicroUsd: number;
    };

/** What operations are carried out on. */
export interface Books {
  readonly ledger: Ledger;
  readonly budgets: Pick<Budgets, "set" | "unset" | "raise">;
}

export const RUN_COUNT = 4;
const SHARE_COUNT = 2;
const CAP_MAX = 3_000;
const RUN_CAP = 2_500;
const BUDGET_COUNT = 11;

const attempt = fc.nat({ max: 30 });
const anyRun = fc.nat({ max: RUN_COUNT - 1 });
const cap = fc.option(fc.nat({ max: CAP_MAX }), { freq: 8 });

const start: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant("start"),
  run: anyRun,
  turn: fc.nat({ max: 2 }),
  shares: fc.shuffledSubarray([0, 1]),
  fixedMicroUsd: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 300 }) }, fc.constant(0)),
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
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("lose"),
      attempt,
      spentMicroUsd: fc.option(fc.nat({ max: 100 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("release"),
      attempt,
      actualMicroUsd: fc.constantFrom(0, 0, 1, 50),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("void"), attempt, sent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close"), run: anyRun }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("set-cap"),
      share: fc.nat({ max: SHARE_COUNT - 1 }),
      capMicroUsd: cap,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("set-budget"),
      budget: fc.nat({ max: BUDGET_COUNT - 1 }),
      capMicroUsd: fc.oneof({ weight: 4, arbitrary: cap }, fc.constant("unset")),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("raise"),
      budget: fc.nat({ max: BUDGET_COUNT - 1 }),
      // Few, so that some come twice.
      raise: fc.nat({ max: 5 }),
      addedMicroUsd: fc.nat({ max: 500 }),
    }),
  },
);

export const openingCaps = fc.array(cap, { minLength: SHARE_COUNT, maxLength: SHARE_COUNT });

/** What a driver remembers of a schedule: the caps of the shares at this moment and the attempts made so far. */
export interface Schedule {
  readonly name: string;
  readonly caps: (number | null)[];
  readonly attempts: AttemptRequest[];
  /** Runs that were closed forget which attempts they had: none of those is repeated. */
  readonly closed: Set<string>;
  /** Whether a settlement may cost more than its hold. */
  readonly overruns: boolean;
}

/** What an operation means at this point of the schedule, to be carried out on any ledger. */
export interface Step {
  /** The attempt that it resolves, if it is one. */
  readonly holdId: string | null;
  carryOut(books: Books): Promise<unknown>;
}

/** Each run pays for one tenant and session: two runs share a session, and three a tenant. */
function payerOf(
  { name, caps }: Pick<Schedule, "name" | "caps">,
  run: number,
  shares: readonly number[],
): Payer {
  const [tenant, session] = [`${name}/t${run < 3 ? 0 : 1}`, `s${run < 2 ? 0 : 1}`];
  const named = shares.map((n): Share => {
    return { key: shareKey(name, n), limit: "batch", capMicroUsd: caps[n] ?? null };
  });
  return { tenant, session, agent: "clerk", shares: named };
}

function shareKey(name: string, share: number): string {
  return `batch/${name}/${share}`;
}

/** All that the schedule can set: for a session, a tenant and all, by day and by month. */
function budgetNames(name: string): readonly BudgetName[] {
  const tenants = [0, 1].map((n) => `${name}/t${n}`);
  return [
    { scope: "global_day" },
    { scope: "tenant_day" },
    { scope: "tenant_month" },
    { scope: "session" },
    ...tenants.flatMap((tenant): BudgetName[] => [
      { scope: "tenant_day", tenant },
      { scope: "tenant_month", tenant },
      { scope: "session", tenant, session: "s0" },
    ]),
    { scope: "session", tenant: `${name}/t0` },
  ];
}

/** Accounts that budgets cap, whatever run pays. */
export function scopesIn({ name }: Pick<Schedule, "name">): readonly Scope[] {
  const runs = Array.from({ length: RUN_COUNT }, (_, run) => run);
  const all = runs.flatMap((run) => scopesOf(payerOf({ name, caps: [] }, run, [])));
  return [...new Map(all.map((scope) => [scope.key, scope])).values()];
}

export function accountKeys(schedule: Schedule): readonly string[] {
  const shares = schedule.caps.map((_cap, n) => shareKey(schedule.name, n));
  return [...shares, ...scopesIn(schedule).map(({ key }) => key)];
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
      schedule.caps[op.share] = op.capMicroUsd;
      return { holdId: null, carryOut: async () => null };
    case "set-budget": {
      const name = budgetName(schedule, op.budget);
      const { capMicroUsd } = op;
      return {
        holdId: null,
        carryOut: ({ budgets }) =>
          capMicroUsd === "unset" ? budgets.unset(name) : budgets.set(name, capMicroUsd),
      };
    }
    case "raise": {
      const { addedMicroUsd } = op;
      const name = wholeName(schedule, op.budget);
      const raiseId = `${budgetKey(name)}/raise-${op.raise}`;
      return {
        holdId: null,
        carryOut: ({ budgets }) => budgets.raise({ raiseId, name, addedMicroUsd }),
      };
    }
    case "sweep":
      return { holdId: null, carryOut: ({ ledger }) => ledger.sweep() };
    case "close":
      noteClosed(schedule, op.run);
      return { holdId: null, carryOut: ({ ledger }) => ledger.closeRun(runId(schedule, op.run)) };
    case "repeat":
    case "resume":
    case "settle":
    case "lose":
    case "release":
    case "void":
      return planOnAttempt(schedule, op);
  }
}

function noteClosed(schedule: Schedule, run: number): void {
  for (const { runId: of, holdId } of schedule.attempts) {
    if (of === runId(schedule, run)) schedule.closed.add(holdId);
  }
}

type OnAttempt = Extract<Operation, { readonly attempt: number }>;

function planOnAttempt(schedule: Schedule, op: OnAttempt): Step {
  const request = schedule.attempts[op.attempt % schedule.attempts.length];
  const isOver = op.kind === "repeat" && schedule.closed.has(request?.holdId ?? "");
  if (request === undefined || isOver) return { holdId: null, carryOut: async () => null };
  const carryOut = onAttempt(op, request, schedule);
  const resolvesNone = !["settle", "lose", "void"].includes(op.kind);
  return { holdId: resolvesNone ? null : request.holdId, carryOut };
}

function budgetName({ name }: Schedule, budget: number): BudgetName {
  return budgetNames(name)[budget] ?? { scope: "global_day" };
}

/** Only one account can be raised. */
function wholeName(schedule: Schedule, budget: number): BudgetName {
  const name = budgetName(schedule, budget);
  const tenant = name.tenant ?? `${schedule.name}/t0`;
  if (name.scope === "global_day") return name;
  return name.scope === "session"
    ? { scope: "session", tenant, session: "s0" }
    : { ...name, tenant };
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
    case "lose": {
      const { spentMicroUsd } = op;
      if (spentMicroUsd === null) return ({ ledger }) => ledger.lose(holdId);
      const loss = { spentMicroUsd: actual(spentMicroUsd), fearedMicroUsd: 0 };
      return ({ ledger }) => ledger.lose(holdId, loss);
    }
    case "release": {
      const release = { holdIds: [holdId], actualMicroUsd: overruns ? op.actualMicroUsd : 0 };
      return ({ ledger }) => ledger.settleFeared({ ...release, by: "a test", why: "free" });
    }
    case "void":
      return ({ ledger }) => ledger.void(holdId, { sent: op.sent });
  }
}

function requestOf(schedule: Schedule, op: Extract<Operation, { kind: "start" }>): AttemptRequest {
  return anAttempt(runId(schedule, op.run), [], {
    payer: payerOf(schedule, op.run, op.shares),
    runCapMicroUsd: RUN_CAP,
    turn: op.turn,
    attempt: schedule.attempts.length + 1,
    worst: { fixedMicroUsd: op.fixedMicroUsd, replyRate: op.replyRate },
    replyTokensMin: op.replyTokensMin,
    replyTokensMax: op.replyTokensMin + op.replyTokensMore,
    deadAfterMs: op.diesAtOnce ? 0 : 3_600_000,
  });
}
