// The ledger's contract as plainly as it can be said: one Map of holds, balances summed up anew each time.
// It has no storage and no concurrency; the real one is checked against it.

import { worstCaseMicroUsd } from "../../src/domain/pricing.ts";
import type {
  AccountState,
  AttemptId,
  AttemptRequest,
  AttemptStart,
  CallSoFar,
  Ledger,
  Loss,
  RunTotals,
} from "../../src/store/ledger.ts";
import { scopesOf, type ModelBudgets, type Scope } from "./model-budgets.ts";

interface Hold {
  readonly request: AttemptRequest;
  /** Of all accounts that it counts against, but the run's. */
  readonly keys: readonly string[];
  readonly replyTokens: number;
  readonly amount: number;
  readonly state: "held" | "settled" | "voided" | "unsent" | "lost";
  readonly spent: number;
  readonly feared: number;
}

interface Account {
  readonly limit: AccountState["limit"];
  readonly cap: () => number | null;
}

/** How far a run got with its last call. */
interface LastCall {
  readonly key: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly lost: number;
}

const NO_CALL: LastCall = { key: "", attempt: 0, attempts: 0, lost: 0 };

export function createModelLedger(budgets: Pick<ModelBudgets, "capOf" | "onChange">): Ledger {
  const holds = new Map<string, Hold>();
  const accounts = new Map<string, Account>();
  const runs = new Map<string, { cap: number; last: LastCall }>();
  const journal = new Map<string, Journaled>();

  budgets.onChange(({ scope }) => {
    for (const { request, state } of holds.values()) {
      if (state === "unsent") continue;
      scopesOf(request.payer)
        .filter((one) => one.scope === scope)
        .forEach(openWhereCapped);
    }
  });

  function openWhereCapped(scope: Scope): void {
    if (budgets.capOf(scope) === null || accounts.has(scope.key)) return;
    accounts.set(scope.key, { limit: scope.scope, cap: () => budgets.capOf(scope) });
  }

  function stateOf(key: string, { limit, cap }: Account): AccountState {
    const on = [...holds.values()].filter(
      ({ keys, request }) => keys.includes(key) || key === `run/${request.runId}`,
    );
    return {
      key,
      limit,
      capMicroUsd: cap(),
      spentMicroUsd: sum(on, ({ spent }) => spent),
      fearedMicroUsd: sum(on, ({ feared }) => feared),
      heldMicroUsd: sum(on, ({ state, amount }) => (state === "held" ? amount : 0)),
    };
  }

  function statesOf(runId: string, keys: readonly string[]): readonly AccountState[] {
    const run = runs.get(runId);
    const own =
      run === undefined ? [] : [stateOf(`run/${runId}`, { limit: "cost", cap: () => run.cap })];
    const others = keys.flatMap((key) => {
      const account = accounts.get(key);
      return account === undefined ? [] : [stateOf(key, account)];
    });
    return [...own, ...others];
  }

  function resolve(holdId: string, state: Hold["state"], cost: Partial<Loss> = {}): boolean {
    const hold = holds.get(holdId);
    if (hold?.state !== "held") return false;
    const spent = cost.spentMicroUsd ?? 0;
    const rest = state === "lost" ? Math.max(hold.amount - spent, 0) : 0;
    const feared = cost.fearedMicroUsd ?? rest;
    holds.set(holdId, { ...hold, state, spent, feared });
    const run = runs.get(hold.request.runId);
    if (run?.last.key === hold.request.callKey) {
      const { attempts, lost } = run.last;
      if (state === "unsent") run.last = { ...run.last, attempts: attempts - 1 };
      if (state === "lost") run.last = { ...run.last, lost: lost + spent + feared };
    }
    return true;
  }

  const openHolds = (fits: (hold: Hold) => boolean): readonly string[] =>
    [...holds].filter(([, hold]) => hold.state === "held" && fits(hold)).map(([id]) => id);

  function soFar(runId: string, callKey: string): { crashTaxMicroUsd: number; attempts: number } {
    const { last } = runs.get(runId) ?? { last: NO_CALL };
    if (last.key === callKey) return { crashTaxMicroUsd: last.lost, attempts: last.attempts };
    const { lost = 0, attempts = 0 } = journal.get(callKey) ?? {};
    return { crashTaxMicroUsd: lost, attempts };
  }

  function held({ request, replyTokens, amount }: Hold): AttemptStart {
    const { runId, callKey } = request;
    return { kind: "held", replyTokens, heldMicroUsd: amount, ...soFar(runId, callKey) };
  }

  function denial(request: AttemptRequest, keys: readonly string[], asked: number) {
    const { runId, callKey, worst } = request;
    if (worst.fixedMicroUsd === 0 && worst.replyRate === 0) return null;
    const denials = statesOf(runId, keys).flatMap((state) => {
      const { spentMicroUsd, fearedMicroUsd, heldMicroUsd } = state;
      // The run's own is the one that this very request gives.
      const capMicroUsd = state.limit === "cost" ? request.runCapMicroUsd : state.capMicroUsd;
      const used = spentMicroUsd + fearedMicroUsd;
      if (capMicroUsd === null || used + heldMicroUsd + asked <= capMicroUsd) return [];
      return {
        kind: "denied" as const,
        limit: state.limit,
        account: state.key,
        askedMicroUsd: asked,
        leftMicroUsd: capMicroUsd - used - heldMicroUsd,
        spentMicroUsd,
        fearedMicroUsd,
        capMicroUsd,
        temporary: used + asked <= capMicroUsd,
        resetsAt: resetOf(state.limit),
        crashTaxMicroUsd: soFar(runId, callKey).crashTaxMicroUsd,
      };
    });
    return denials.find(({ temporary }) => !temporary) ?? denials[0] ?? null;
  }

  function overtaken({ runId, callKey, attempt }: AttemptId): boolean {
    const { last } = runs.get(runId) ?? { last: NO_CALL };
    return last.key === callKey && last.attempt > attempt;
  }

  function resume(id: AttemptId): CallSoFar {
    const { runId, callKey, holdId } = id;
    const journaled = journal.get(callKey);
    if (journaled !== undefined) {
      return { kind: "journaled", reply: journaled.reply, ...soFar(runId, callKey) };
    }
    if (overtaken(id)) throw new Error("so this one is over");
    for (const dead of openHolds(({ request }) => request.runId === runId)) {
      if (dead !== holdId) resolve(dead, "lost");
    }
    return { kind: "open", ...soFar(runId, callKey) };
  }

  function start(request: AttemptRequest): AttemptStart {
    const { runId, callKey, holdId, payer, attempt, worst } = request;
    const run = runs.get(runId) ?? { cap: request.runCapMicroUsd, last: NO_CALL };
    runs.set(runId, run);
    scopesOf(payer).forEach(openWhereCapped);
    const shares = payer.shares.filter(({ capMicroUsd }) => capMicroUsd !== null);
    for (const { key, limit, capMicroUsd } of shares) {
      accounts.set(key, { limit, cap: () => capMicroUsd });
    }
    const journaled = journal.get(callKey);
    if (journaled !== undefined) {
      return { kind: "journaled", reply: journaled.reply, ...soFar(runId, callKey) };
    }
    const own = holds.get(holdId);
    if (own?.state === "held") return held(own);
    if (overtaken(request)) throw new Error("so this one is over");
    const isLast = run.last.key === callKey && run.last.attempt === attempt;
    if (isLast || own !== undefined) {
      throw new Error("an attempt that is over needs a new hold");
    }
    for (const id of openHolds((hold) => hold.request.runId === runId)) resolve(id, "lost");

    const keys = [...shares, ...scopesOf(payer)].map(({ key }) => key);
    const no = denial(request, keys, worstCaseMicroUsd(worst, request.replyTokensMin));
    if (no !== null) return no;
    let replyTokens = request.replyTokensMax;
    while (denial(request, keys, worstCaseMicroUsd(worst, replyTokens)) !== null) replyTokens -= 1;
    const amount = worstCaseMicroUsd(worst, replyTokens);
    const hold: Hold = { request, keys, replyTokens, amount, state: "held", spent: 0, feared: 0 };
    holds.set(holdId, hold);
    const { attempts, crashTaxMicroUsd: lost } =
      run.last.key === callKey ? soFar(runId, callKey) : { attempts: 0, crashTaxMicroUsd: 0 };
    run.cap = request.runCapMicroUsd;
    run.last = { key: callKey, attempt, attempts: attempts + 1, lost };
    return held(hold);
  }

  function totals(runId: string): RunTotals {
    const of = [...holds.values()].filter(({ request }) => request.runId === runId);
    const lost = of.filter(({ state }) => state === "lost");
    return {
      spentMicroUsd: sum(of, ({ spent }) => spent),
      fearedMicroUsd: sum(of, ({ feared }) => feared),
      crashTaxMicroUsd: sum(of, ({ feared }) => feared) + sum(lost, ({ spent }) => spent),
      heldMicroUsd: sum(of, ({ state, amount }) => (state === "held" ? amount : 0)),
      modelAttempts: of.filter(({ state }) => state !== "unsent").length,
      repliesSettled: of.filter(({ state }) => state === "settled").length,
    };
  }

  function release(holdId: string, spent: number): number {
    const hold = holds.get(holdId);
    if (hold === undefined || hold.feared === 0) return 0;
    holds.set(holdId, { ...hold, spent: hold.spent + spent, feared: 0 });
    return hold.feared;
  }

  return {
    resumeCall: async (id) => resume(id),
    startAttempt: async (request) => start(request),
    settle: async ({ holdId, callKey, spentMicroUsd, fearedMicroUsd, journal: reply }) => {
      const hold = holds.get(holdId);
      const kept = journal.get(callKey);
      const { runId } = hold?.request ?? { runId: "" };
      const before = soFar(runId, callKey);
      if (
        hold !== undefined &&
        resolve(holdId, "settled", { spentMicroUsd, fearedMicroUsd: fearedMicroUsd ?? 0 })
      ) {
        const attempts = runs.get(runId)?.last.key === callKey ? before.attempts : 1;
        const entry = {
          runId,
          reply,
          holdId,
          attempts,
          lost: before.crashTaxMicroUsd,
          spent: spentMicroUsd,
        };
        if (kept === undefined) journal.set(callKey, entry);
        return { kind: "settled", accounts: statesOf(runId, hold.keys) };
      }
      const isRepeat =
        kept?.holdId === holdId && kept.reply === reply && kept.spent === spentMicroUsd;
      if (hold === undefined || !isRepeat) return { kind: "late" };
      const own = scopesOf(hold.request.payer).map(({ key }) => key);
      return { kind: "settled", accounts: statesOf(runId, own) };
    },
    lose: async (holdId, loss) => (resolve(holdId, "lost", loss) ? "lost" : "resolved"),
    void: async (holdId, { sent }) =>
      resolve(holdId, sent ? "voided" : "unsent") ? "voided" : "resolved",
    closeRun: async (runId) => {
      for (const id of openHolds(({ request }) => request.runId === runId)) resolve(id, "lost");
      for (const [key, entry] of journal) if (entry.runId === runId) journal.delete(key);
      return totals(runId);
    },
    totals: async (runId) => totals(runId),
    sweep: async () => {
      const dead = openHolds(({ request }) => request.deadAfterMs === 0);
      for (const id of dead) resolve(id, "lost");
      return dead.length;
    },
    account: async (key) => {
      const account = accounts.get(key);
      return account === undefined ? null : stateOf(key, account);
    },
    settleFeared: async ({ holdIds, actualMicroUsd }) => {
      const freed = [...new Set(holdIds)].map((id) => release(id, actualMicroUsd));
      const amounts = freed.filter((amount) => amount > 0);
      return { calls: amounts.length, fearedMicroUsd: sum(amounts, (amount) => amount) };
    },
    holdNoMore: () => undefined,
  };
}

interface Journaled {
  readonly runId: string;
  readonly reply: string;
  readonly holdId: string;
  readonly attempts: number;
  readonly lost: number;
  readonly spent: number;
}

/** When its period ends; null where it has none. */
function resetOf(limit: AccountState["limit"]): string | null {
  const now = new Date();
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  if (limit === "tenant_month") return new Date(Date.UTC(year, month + 1, 1)).toISOString();
  if (limit === "global_day") return new Date(Date.UTC(year, month, day + 1)).toISOString();
  return limit === "tenant_day" ? new Date(Date.UTC(year, month, day + 1)).toISOString() : null;
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
