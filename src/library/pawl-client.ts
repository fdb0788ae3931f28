// The client as a program has it: whoever names no payer is `local`, as in the terminal.

import type { RunClient } from "../client/run-client.ts";
import type { RunOrder } from "../client/run-order.ts";
import type { StackAddresses } from "../client/connect.ts";
import type { RunStartedReceipt } from "../client/start-run.ts";
import type { Config } from "../config.ts";
import type { RunResult } from "../domain/outcome.ts";

/** What an agent is to do, and on which terms. Without `tenant` and `session` the environment's, or `local`. */
export type PawlOrder = Omit<RunOrder, "tenant" | "session"> &
  Partial<Pick<RunOrder, "tenant" | "session">>;

/** Starts, watches, steers and reads runs. */
export interface Pawl extends Omit<RunClient, "start"> {
  /** Starts a run and returns at once; the same `key` and order are the same run. */
  start(order: PawlOrder): Promise<RunStartedReceipt>;
  /** Starts a run and waits for its end. Limits, refusals and failures are outcomes, and nothing that is thrown. */
  runToEnd(order: PawlOrder): Promise<RunResult>;
}

interface Way {
  readonly stack?: StackAddresses;
  /** How Temporal is reached: `TEMPORAL_*`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Throws PawlError BACKEND_UNREACHABLE within some five seconds. */
export async function openClient(config: Config, way: Way = {}): Promise<Pawl> {
  const [{ connect }, { createRunClient }] = await Promise.all([
    import("../client/connect.ts"),
    import("../client/run-client.ts"),
  ]);
  const client = createRunClient(await connect(config, way.stack, way.env));
  const { tenant, session } = config.caller;
  const start = (order: PawlOrder) => client.start({ tenant, session, ...order });
  return {
    ...client,
    start,
    async runToEnd(order) {
      const { runId } = await start(order);
      return await client.result(runId);
    },
  };
}
