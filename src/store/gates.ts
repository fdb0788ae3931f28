// The gate before each model, shared by all workers: a circuit that opens when the provider is down, and
// the time until which a rate limit forbids calls. Its rules, C1 and C2, are kept by the two functions of
// migrations/8-gates.sql, by the clock of the database; each operation here is one call of one of them.

import type { Database } from "./database.ts";

export interface GateAsk {
  /** Provider and model. */
  readonly key: string;
  readonly callId: string;
  /** A probe that says nothing for this long is taken for dead. */
  readonly leaseMs: number;
}

export type GateAnswer =
  | {
      readonly kind: "pass";
      /** It wants to hear that the call was answered. */ readonly watched: boolean;
    }
  | {
      readonly kind: "wait";
      readonly why: "down" | "rate_limited";
      readonly forMs: number;
      readonly downSince: string | null;
    };

/** `outage`: overloaded, away or silent; `answered`: anything else it said; `nothing`: it was not asked. */
export type Heard = "answered" | "outage" | "limited" | "nothing";

export interface GateWord {
  readonly key: string;
  readonly callId: string;
  readonly heard: Heard;
  /** Of a `limited` call. */
  readonly retryAfterMs: number;
  /** So many outages in a row open the circuit. */
  readonly failuresMax: number;
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
