// Attempts and settlements as the tests of the ledger write them: only what matters to the test is said.

import { NO_USAGE } from "../../src/domain/usage.ts";
import type { Account, AttemptRequest, Settlement } from "../../src/store/ledger.ts";

/** One token costs one micro-USD, so that caps and clamps can be read off. */
export const MICRO_USD_PER_TOKEN = 1_000_000;

export function anAccount(key: string, capMicroUsd: number | null): Account {
  return { key, limit: "tenant_day", capMicroUsd, resetsAt: "2026-11-22T00:00:00Z" };
}

export function anAttempt(
  runId: string,
  accounts: readonly Account[],
  rest: Partial<AttemptRequest> = {},
): AttemptRequest {
  const { turn = 1, attempt = 1 } = rest;
  return {
    holdId: `${runId}/${turn}/${attempt}`,
    callKey: `${runId}/${turn}`,
    runId,
    tenant: "acme",
    turn,
    attempt,
    model: "claude-sonnet-5-5",
    accounts,
    worst: { fixedMicroUsd: 100, replyRate: MICRO_USD_PER_TOKEN },
    replyTokensMin: 10,
    replyTokensMax: 400,
    deadAfterMs: 60_000,
    leaseId: null,
    ...rest,
  };
}

export function aSettlement(
  holdId: string,
  actualMicroUsd: number,
  rest: Partial<Settlement> = {},
): Settlement {
  return {
    holdId,
    actualMicroUsd,
    usage: { ...NO_USAGE, inputTokens: 7, outputTokens: 3 },
    model: "claude-sonnet-5-5",
    journal: JSON.stringify({ of: holdId }),
    messages: [],
    links: [],
    ...rest,
  };
}
