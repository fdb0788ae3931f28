// What one offline server knows: its settings, what tests have put on order, what came in, what it cost.

import type { ServedBatches } from "./served-batches.ts";
import type { BillingLog } from "./billing.ts";
import type { PromptCache } from "./cache.ts";
import type { Pace } from "./delivery.ts";
import type { Fault } from "./faults.ts";
import type { WaitingRoom } from "./waiting-room.ts";
import type { MatchList } from "./match-list.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { MessagesRequest } from "./request.ts";
import type { ScriptEntry } from "./script.ts";

export interface OfflineState {
  readonly billing: BillingLog;
  readonly cache: PromptCache;
  readonly batches: ServedBatches;
  readonly faults: MatchList<Fault>;
  readonly script: MatchList<ScriptEntry>;
  readonly waitingRoom: WaitingRoom;
  readonly limiter: RateLimiter;
  readonly requests: RequestLog;
  pace: Pace;
  /** How far the cache is ahead of the machine's clock. */
  clock: { readonly aheadMs: number };
}

/** A request that passed every check. */
export interface LoggedRequest {
  readonly id: string;
  readonly runKey: string | null;
  readonly model: string;
  readonly at: string;
  readonly isStream: boolean;
  /** The kind of the fault that it met; `limit` where a rate limit was used up. */
  fault: string | null;
  eventsSent: number;
  state: "in_flight" | "held" | "done";
  /** The request as received, while it is among the newest. */
  body: MessagesRequest | undefined;
}

export interface RequestLog {
  add(entry: LoggedRequest): void;
  all(): readonly LoggedRequest[];
  clear(): void;
}

const BODIES_KEPT = 200;
const ENTRIES_KEPT = 10_000;

export function createRequestLog(): RequestLog {
  let entries: LoggedRequest[] = [];
  return {
    add(entry) {
      entries.push(entry);
      const aged = entries.at(-BODIES_KEPT - 1);
      if (aged !== undefined) aged.body = undefined;
      if (entries.length > ENTRIES_KEPT) entries = entries.slice(-ENTRIES_KEPT / 2);
    },
    all: () => entries,
    clear() {
      entries = entries.filter(({ state }) => state !== "done");
    },
  };
}
