// What an operator does with models that the fleet leaves alone: look, and open by hand. Runs that wait for one
// are told to look again.

import type { Capacity, ClosedGate } from "../store/capacity.ts";
import { createCapacity } from "../store/capacity.ts";
import type { Backend } from "./connect.ts";
import { tablesIn } from "./own-tables.ts";
import { asked } from "./steer.ts";
import { wakeWaiting } from "./wake-parked.ts";

export interface GatesLifted {
  readonly keys: readonly string[];
  /** Runs that waited for capacity and look again now. */
  readonly woken: number;
}

export interface CapacityClient {
  /** Models that take no calls now, or few. */
  closedGates(): Promise<readonly ClosedGate[]>;
  /** Of one model, or of all. */
  liftGates(model?: string): Promise<GatesLifted>;
}

export function capacityOf({ client, db }: Backend): CapacityClient {
  const tables = tablesIn(db, "what the fleet knows of its models is there");
  const capacity = async (): Promise<Capacity> => createCapacity(await tables());
  return {
    closedGates: async () => await (await capacity()).closed(),
    async liftGates(model) {
      const keys = await (await capacity()).lift(model ?? null);
      if (keys.length === 0) return { keys, woken: 0 };
      const woken = await asked(wakeWaiting(client, ({ reason }) => reason === "capacity"));
      return { keys, woken };
    },
  };
}
