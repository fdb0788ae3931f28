// The ledger's contract as plainly as it can be said: one Map of holds, balances summed up anew each time.
// It has no storage and no concurrency; the real one is checked against it.

import { worstCaseMicroUsd } from "../../src/domain/pricing.ts";
import type {
  Account,
  AccountState,
  AttemptId,
  AttemptRequest,
  AttemptStart,
  CallSoFar,
  Ledger,
  RunTotals,
} from "../../src/store/ledger.ts";
import type { ModelBudgets } from "./model-budgets.ts";

interface Hold {
  readonly request: AttemptRequest;
  readonly replyTokens: number;
  readonly amount: number;
  readonly state: "held" | "settled" | "charged" | "voided" | "unsent";
  readonly spent: number;
  readonly journal?: string;
}

export function createModelLedger(budgets: Pick<ModelBudgets, "capOf" | "heard">): Ledger {
  const holds = new Map<string, Hold>();
  const caps = new Map<string, Account>();
  const journal = new Map<
    string,
    { readonly runId: string; readonly reply: string; readonly holdId: string }
  >();

  const resolve = (holdId: string, state: Hold["state"], actual?: number): boolean => {
    const hold = holds.get(holdId);
    if (hold?.state !== "held") return false;
    holds.set(holdId, { ...hold, state, spent: actual ?? hold.amount });
    return true;
  };
  const openHolds = (fits: (hold: Hold) => boolean): readonly string[] =>
    [...holds].filter(([, hold]) => hold.state === "held" && fits(hold)).map(([id]) => id);

  function stateOf(account: Account): AccountState {
    const on = [...holds.values()].filter((hold) =>
      hold.request.accounts.some((named) => named.key === account.key),
    );
    return {
      key: account.key,
      limit: account.limit,
      capMicroUsd: account.capMicroUsd,
      spentMicroUsd: sum(on, (hold) => hold.spent),
      heldMicroUsd: sum(on, (hold) => (hold.state === "held" ? hold.amount : 0)),
    };
  }

  function soFar(callKey: string): { crashTaxMicroUsd: number; attempts: number } {
    const of = [...holds.values()].filter((hold) => hold.request.callKey === callKey);
    return {
      crashTaxMicroUsd: sum(of, (hold) => (hold.state === "charged" ? hold.spent : 0)),
      attempts: of.filter((hold) => hold.state !== "unsent").length,
    };
  }

  function held(hold: Hold): AttemptStart {
    return {
      kind: "held",
      replyTokens: hold.replyTokens,
      heldMicroUsd: hold.amount,
      ...soFar(hold.request.callKey),
    };
  }

  function deny(request: AttemptRequest, asked: number): AttemptStart | null {
    const denials = request.accounts.flatMap((account) => {
      const { spentMicroUsd, heldMicroUsd } = stateOf(account);
      const cap = account.capMicroUsd;
      if (cap === null || spentMicroUsd + heldMicroUsd + asked <= cap) return [];
      return {
        kind: "denied" as const,
        limit: account.limit,
        account: account.key,
        askedMicroUsd: asked,
        leftMicroUsd: cap - spentMicroUsd - heldMicroUsd,
        spentMicroUsd,
        capMicroUsd: cap,
        temporary: spentMicroUsd + asked <= cap,
        resetsAt: account.resetsAt,
        crashTaxMicroUsd: soFar(request.callKey).crashTaxMicroUsd,
      };
    });
    return denials.find((denial) => !denial.temporary) ?? denials[0] ?? null;
  }

  const isOvertaken = ({ callKey, attempt }: AttemptId): boolean =>
    [...holds.values()].some(
      ({ request }) => request.callKey === callKey && request.attempt > attempt,
    );

  function resume(id: AttemptId): CallSoFar {
    const journaled = journal.get(id.callKey);
    if (journaled !== undefined) {
      return { kind: "journaled", reply: journaled.reply, ...soFar(id.callKey) };
    }
    if (isOvertaken(id)) throw new Error("so this one is over");
    const isDead = ({ request }: Hold): boolean =>
      request.runId === id.runId && request.holdId !== id.holdId;
    for (const holdId of openHolds(isDead)) resolve(holdId, "charged");
    return { kind: "open", ...soFar(id.callKey) };
  }

  function start(request: AttemptRequest): AttemptStart {
    const journaled = journal.get(request.callKey);
    if (journaled !== undefined) {
      return { kind: "journaled", reply: journaled.reply, ...soFar(request.callKey) };
    }
    const own = holds.get(request.holdId);
    if (own !== undefined && own.state !== "held") {
      throw new Error("an attempt that is over needs a new hold");
    }
    if (own === undefined && isOvertaken(request)) throw new Error("so this one is over");
    const accounts = request.accounts.map((a) => ({ ...a, capMicroUsd: budgets.capOf(a) }));
    request.accounts.forEach(budgets.heard);
    for (const account of accounts) caps.set(account.key, account);
    if (own !== undefined) return held(own);
    const { runId, worst } = request;
    for (const id of openHolds((hold) => hold.request.runId === runId)) resolve(id, "charged");

    const denial = deny({ ...request, accounts }, worstCaseMicroUsd(worst, request.replyTokensMin));
    if (denial !== null) return denial;
    let replyTokens = request.replyTokensMax;
    const isTooMuch = (tokens: number): boolean =>
      deny({ ...request, accounts }, worstCaseMicroUsd(worst, tokens)) !== null;
    while (isTooMuch(replyTokens)) replyTokens -= 1;
    const amount = worstCaseMicroUsd(worst, replyTokens);
    const hold: Hold = { request, replyTokens, amount, state: "held", spent: 0 };
    holds.set(request.holdId, hold);
    return held(hold);
  }

  function totals(runId: string): RunTotals {
    const of = [...holds.values()].filter((hold) => hold.request.runId === runId);
    return {
      spentMicroUsd: sum(of, (hold) => hold.spent),
      crashTaxMicroUsd: sum(of, (hold) => (hold.state === "charged" ? hold.spent : 0)),
      heldMicroUsd: sum(of, (hold) => (hold.state === "held" ? hold.amount : 0)),
      modelAttempts: of.filter((hold) => hold.state !== "unsent").length,
      repliesSettled: of.filter((hold) => hold.state === "settled").length,
    };
  }

  return {
    resumeCall: async (id) => resume(id),
    startAttempt: async (request) => start(request),
    settle: async ({ holdId, actualMicroUsd, journal: reply }) => {
      const hold = holds.get(holdId);
      if (hold === undefined) throw new Error("there is no hold");
      const { callKey, runId } = hold.request;
      const kept = journal.get(callKey);
      if (resolve(holdId, "settled", actualMicroUsd)) {
        if (kept === undefined) journal.set(callKey, { runId, reply, holdId });
      } else if (
        hold.state !== "settled" ||
        hold.spent !== actualMicroUsd ||
        kept?.holdId !== holdId ||
        kept.reply !== reply
      ) {
        return { kind: "late" };
      }
      const accounts = hold.request.accounts
        .map(({ key }) => caps.get(key))
        .filter((a) => a !== undefined);
      return { kind: "settled", accounts: accounts.map(stateOf) };
    },
    charge: async (holdId) => (resolve(holdId, "charged") ? "charged" : "resolved"),
    void: async (holdId, { sent }) =>
      resolve(holdId, sent ? "voided" : "unsent", 0) ? "voided" : "resolved",
    closeRun: async (runId) => {
      for (const id of openHolds((hold) => hold.request.runId === runId)) resolve(id, "charged");
      for (const [key, entry] of journal) if (entry.runId === runId) journal.delete(key);
      return totals(runId);
    },
    totals: async (runId) => totals(runId),
    sweep: async () => {
      const dead = openHolds((hold) => hold.request.deadAfterMs === 0);
      for (const id of dead) resolve(id, "charged");
      return dead.length;
    },
    account: async (key) => {
      const account = caps.get(key);
      return account === undefined ? null : stateOf(account);
    },
  };
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
