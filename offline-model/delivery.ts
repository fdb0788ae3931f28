// A reply on its way to its client, and what an order of the tests makes of the way.

import type { CachePlan } from "./cache.ts";
import type { Exchange, Meter } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import type { ServedReply } from "./reply.ts";
import type { WireEvent } from "./wire.ts";

export interface Pace {
  readonly chunkDelayMs: number;
  readonly chunkChars: number;
}

export interface Delivery {
  readonly exchange: Exchange;
  readonly reply: ServedReply;
  readonly plan: CachePlan;
  readonly meter: Meter;
  readonly fault: Fault | undefined;
  readonly pace: Pace;
  readonly maxTokens: number;
  /** Waits for `POST /admin/release`. */
  readonly hold: () => Promise<void>;
  readonly sent: (event: WireEvent) => void;
}
