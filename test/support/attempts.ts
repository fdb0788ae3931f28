// Attempts and settlements as the tests of the ledger write them: only what matters to the test is said.

import type { Share } from "../../src/domain/call.ts";
import { NO_USAGE } from "../../src/domain/usage.ts";
import type { AttemptRequest, Settlement } from "../../src/store/ledger.ts";

/** One token costs one micro-USD, so that caps and clamps can be read off. */
export const MICRO_USD_PER_TOKEN = 1_000_000;

/** That of the run itself, where it does not matter. */
const RUN_CAP = 1_000_000_000;

/** One that a call shares by its order: the others follow from tenant and session, where budgets are. */
export function anAccount(key: string, capMicroUsd: number | null): Share {
  return { key, limit: "batch", capMicroUsd };
}

type Rest = Partial<AttemptRequest> & {
  readonly turn?: number;
  readonly tenant?: string;
  readonly session?: string;
};

export function anAttempt(
  runId: string,
  shares: readonly Share[],
  { turn = 1, tenant = "acme", session = "s", ...rest }: Rest = {},
): AttemptRequest {
  const { attempt = 1 } = rest;
  return {
    holdId: `${runId}/${turn}/${attempt}`,
    callKey: `${runId}/${turn}`,
    runId,
    leaseId: null,
    payer: { tenant, session, agent: "clerk", shares },
    runCapMicroUsd: RUN_CAP,
    attempt,
    lane: "live",
    model: "claude-sonnet-5-5",
    worst: { fixedMicroUsd: 100, replyRate: MICRO_USD_PER_TOKEN },
    replyTokensMin: 10,
    replyTokensMax: 400,
    deadAfterMs: 60_000,
    ...rest,
  };
}

/** Of an attempt as above: its id is that of its call, and its number. */
export function aSettlement(
  holdId: string,
  spentMicroUsd: number,
  rest: Partial<Settlement> = {},
): Settlement {
  return {
    holdId,
    callKey: holdId.slice(0, holdId.lastIndexOf("/")),
    spentMicroUsd,
    usage: { ...NO_USAGE, inputTokens: 7, outputTokens: 3 },
    model: "claude-sonnet-5-5",
    journal: JSON.stringify({ of: holdId }),
    messages: [],
    links: [],
    ...rest,
  };
}
