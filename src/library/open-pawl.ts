// The way of a program to its runs.

import { openClient, type Pawl } from "./pawl-client.ts";
import { findServers, type ServersOptions } from "./servers.ts";

export type OpenPawlOptions = ServersOptions;

/**
 * A client of the Temporal that `TEMPORAL_ADDRESS` names, with `DATABASE_URL`; without them of the local stack of the
 * working directory, which is started where it does not run, and serves the agents and tools of its project folder.
 * Close it at the end. Throws PawlError.
 */
export async function openPawl(options: OpenPawlOptions = {}): Promise<Pawl> {
  const { config, env, stack } = await findServers(options);
  return await openClient(config, { env, ...(stack && { stack }) });
}
