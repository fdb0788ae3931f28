// One request to the Messages API from arrival to bill: who asked, whether they are still there, what
// has been generated. B1 of billing.ts is kept here: `settle` writes one record and only one.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { BillingLog, Charge } from "./billing.ts";
import type { CachePlan } from "./cache.ts";
import type { ServedModel } from "./model-rules.ts";
import { billedUsage, NOTHING_YET, type ReplyProgress } from "./wire-usage.ts";

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly runKey: string | null;
  /** Aborted when the connection closes, whoever closed it. */
  readonly gone: AbortSignal;
}

export interface Meter {
  /** What is charged if the client leaves now. */
  advance(progress: ReplyProgress): void;
  settle(status: Charge["status"], progress?: ReplyProgress): void;
  /** Nothing of this request is charged (refused before any output). */
  waive(): void;
}

interface MeterTerms {
  readonly billing: BillingLog;
  readonly model: ServedModel;
  readonly plan: CachePlan;
  readonly userId: string | null;
  /** Told of the output when it is billed. */
  readonly wrote: (outputTokens: number) => void;
}

/** From here on the request costs money: a client that leaves is charged for what there is by then. */
export function openMeter(exchange: Exchange, account: MeterTerms): Meter {
  const { billing, model, plan, userId, wrote } = account;
  let soFar = NOTHING_YET;
  let isSettled = false;
  const settle: Meter["settle"] = (status, progress = soFar) => {
    if (isSettled) return;
    isSettled = true;
    const { requestId, runKey } = exchange;
    billing.append(model, { requestId, userId, runKey, status, ...billedUsage(plan, progress) });
    wrote(progress.outputTokens);
  };
  exchange.gone.addEventListener("abort", () => settle("aborted"), { once: true });
  return {
    advance(progress) {
      soFar = progress;
    },
    settle,
    waive() {
      isSettled = true;
    },
  };
}
