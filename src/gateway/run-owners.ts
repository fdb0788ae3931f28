// Whose a run is. That never changes, so it is asked once, however many viewers come back at the same
// moment after a restart.

import type { RunClient } from "../client/run-client.ts";

export interface RunOwners {
  /** Throws what the run client throws; then the next one asks anew. */
  tenantOf(runId: string): Promise<string>;
}

const RUNS_MAX = 10_000;

export function createRunOwners(client: Pick<RunClient, "about">): RunOwners {
  const known = new Map<string, Promise<string>>();

  async function ask(runId: string): Promise<string> {
    try {
      return (await client.about(runId)).tenant;
    } catch (error) {
      known.delete(runId);
      throw error;
    }
  }

  return {
    tenantOf(runId) {
      const asked = known.get(runId) ?? ask(runId);
      known.delete(runId);
      known.set(runId, asked);
      const [oldest] = known.keys();
      if (known.size > RUNS_MAX && oldest !== undefined) known.delete(oldest);
      return asked;
    },
  };
}
