// The gates of models (gates.ts) as an operator sees them: which are closed, why and for how long; and how one is
// opened by hand, when its reason is known to be over.

import type { Database } from "./database.ts";

export interface ClosedGate {
  /** Provider and model. */
  readonly key: string;
  /** `down`: nothing goes out but probes. `rate_limited`: nothing before `until`. `easing`: calls go out few by few. */
  readonly why: "down" | "rate_limited" | "easing";
  /** ISO 8601. */
  readonly since: string | null;
  readonly until: string | null;
  /** Failures in a row, or rounds of refusals. */
  readonly times: number;
}

export interface Capacity {
  closed(): Promise<readonly ClosedGate[]>;
  /** Of one model, or of all; says which were closed. */
  lift(model: string | null): Promise<readonly string[]>;
}

export function createCapacity(db: Database): Capacity {
  return {
    async closed() {
      const rows = await db<{ closed: readonly ClosedGate[] }>`
        select pawl.closed_gates() as closed`;
      return rows[0]?.closed ?? [];
    },
    async lift(model) {
      const rows = await db<{ lifted: readonly string[] }>`
        select pawl.lift_gates(${model}) as lifted`;
      return rows[0]?.lifted ?? [];
    },
  };
}
