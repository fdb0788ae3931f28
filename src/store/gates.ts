// The gate before each model, shared by all workers: a circuit that opens when the provider is down, the
// time until which a rate limit forbids calls, and the buckets that keep within the limits. Its rules, C1 to
// C4, are kept by the functions of sql/functions: circuit.sql, buckets.sql and gates.sql, by the clock of the
// database; each operation here is one call of one of them.

import type { Amounts, RateLimits } from "../domain/rate-limits.ts";
import type { Database } from "./database.ts";

export interface GateAsk {
  /** Provider and model. */
  readonly key: string;
  readonly callId: string;
  /** A probe that says nothing for this long is taken for dead. */
  readonly leaseMs: number;
  /** Waits in line as one of its tenant's. */
  readonly runId: string;
  readonly tenant: string;
  /** What the call can count for at most. */
  readonly bounds: Amounts;
}

export type GateAnswer =
  | {
      readonly kind: "pass";
      /** It wants to hear that the call was answered. */
      readonly watched: boolean;
      /** The provider is taken for down, and this call may find out whether it is. */
      readonly isProbe?: true;
      /** What it set aside for the call, and wants to hear the use of; absent where nobody keeps count. */
      readonly drawn?: Partial<Amounts>;
    }
  | {
      readonly kind: "wait";
      /** `busy`: the limits are in use, and others are before it. */
      readonly why: "down" | "rate_limited" | "busy";
      readonly forMs: number;
      readonly downSince: string | null;
      /** Since when it has refused every call for its rate limit. */
      readonly limitedSince?: string | null;
    };

/**
 * `outage`: overloaded, away or silent; `answered`: anything else it said; `nothing`: it was not asked.
 * `completed`: of a call that was heard of, that its reply came whole. `counted`: no more than what such a
 * call used in the end.
 */
export type Heard = "answered" | "outage" | "limited" | "nothing" | "completed" | "counted";

/** What a word made of the gate. `refusing`: nothing but refusals for minutes, said once. */
export type GateTurn = "opened" | "closed" | "refusing";

export interface GateWord {
  readonly key: string;
  readonly callId: string;
  readonly heard: Heard;
  /** Of a `limited` call, where the provider named a time. */
  readonly retryAfterMs?: number;
  /** Of a `limited` call without a time: the first such wait; each round that is refused again doubles it. */
  readonly firstWaitMs?: number;
  /** Of an `outage`: the call may be billed all the same. */
  readonly mayCost?: boolean;
  /** So many outages in a row open the circuit. */
  readonly failuresMax: number;
  readonly limits?: RateLimits;
  /** Of `limits`: from now on count is kept. */
  readonly isTight?: boolean;
  /** How old `limits` are. */
  readonly saidAgoMs?: number;
  /** With `bounds` and `drawn` as they were asked and answered. */
  readonly used?: Partial<Amounts>;
  readonly bounds?: Amounts;
  readonly drawn?: Partial<Amounts>;
}

export interface Gates {
  ask(ask: GateAsk): Promise<GateAnswer>;
  tell(word: GateWord): Promise<GateTurn | null>;
}

export function createGates(db: Database): Gates {
  return {
    async ask(ask) {
      const rows = await db<{ answer: GateAnswer }>`
        select pawl.ask_gate(${{ json: ask }}) as answer`;
      return rows[0]?.answer ?? { kind: "pass", watched: true };
    },
    async tell(word) {
      const rows = await db<{ turned: GateTurn | null }>`
        select pawl.tell_gate(${{ json: word }}) as turned`;
      return rows[0]?.turned ?? null;
    },
  };
}
