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
      /** What it set aside for the call, and wants to hear the use of; absent where nobody keeps count. */
      readonly drawn?: Partial<Amounts>;
    }
  | {
      readonly kind: "wait";
      /** `busy`: the limits are in use, and others are before it. */
      readonly why: "down" | "rate_limited" | "busy";
      readonly forMs: number;
      readonly downSince: string | null;
    };

/**
 * `outage`: overloaded, away or silent; `answered`: anything else it said; `nothing`: it was not asked.
 * `counted`: no more than what a call that was heard of used in the end.
 */
export type Heard = "answered" | "outage" | "limited" | "nothing" | "counted";

export interface GateWord {
  readonly key: string;
  readonly callId: string;
  readonly heard: Heard;
  /** Of a `limited` call. */
  readonly retryAfterMs: number;
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
  /** Says where this word opened or closed the circuit. */
  tell(word: GateWord): Promise<"opened" | "closed" | null>;
}

export function createGates(db: Database): Gates {
  return {
    async ask(ask) {
      const rows = await db<{ answer: GateAnswer }>`
        select pawl.ask_gate(${{ json: ask }}) as answer`;
      return rows[0]?.answer ?? { kind: "pass", watched: true };
    },
    async tell(word) {
      const rows = await db<{ turned: "opened" | "closed" | null }>`
        select pawl.tell_gate(${{ json: word }}) as turned`;
      return rows[0]?.turned ?? null;
    },
  };
}
