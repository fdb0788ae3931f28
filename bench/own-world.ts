// A world on servers of its own: what is measured shares nothing.

import { startPglite } from "../test/support/pglite.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { startTemporalWorld } from "../test/support/temporal.ts";
import { openWorld, type World, type WorldOptions } from "../test/support/world.ts";

export type DatabaseKind = "pglite" | "postgres";

export interface OwnWorld extends World {
  readonly serverPids: { readonly temporal: number; readonly database: number };
  /** Of Temporal. */
  readonly metricsUrl: string;
}

export async function openOwnWorld(
  kind: DatabaseKind,
  options: Pick<WorldOptions, "chunkDelayMs" | "env">,
): Promise<OwnWorld> {
  const temporal = await startTemporalWorld();
  const database = await (kind === "postgres" ? startPostgres() : startPglite());
  const stop = async (): Promise<void> => {
    await temporal.close();
    await database.stop();
  };
  try {
    const world = await openWorld({ ...options, temporal, database });
    return {
      ...world,
      serverPids: { temporal: temporal.pid, database: database.pid ?? 0 },
      metricsUrl: temporal.metricsUrl,
      close: async () => {
        await world.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
