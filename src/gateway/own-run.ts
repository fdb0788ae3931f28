// The run that a request names, if it is the caller's.
//
// G4. A run of another tenant and a run that never was get the same answer, so that nobody learns
//     which ids exist.

import type { RunBrief } from "../client/run-brief.ts";
import { PawlError } from "../domain/errors.ts";
import type { Gateway } from "./route-context.ts";
import { seesTenant, type Principal } from "./principal.ts";

/** Throws PawlError RUN_NOT_FOUND. */
export async function ownRun(
  { client }: Pick<Gateway, "client">,
  principal: Principal,
  runId: string,
): Promise<RunBrief> {
  const brief = await client.about(runId);
  if (!seesTenant(principal, brief.tenant)) throw notFound(runId);
  return brief;
}

/** For those who want no more than to watch it. Throws PawlError RUN_NOT_FOUND. */
export async function mayWatch(
  { owners }: Pick<Gateway, "owners">,
  principal: Principal,
  runId: string,
): Promise<void> {
  if (!seesTenant(principal, await owners.tenantOf(runId))) throw notFound(runId);
}

function notFound(runId: string): PawlError {
  return new PawlError("RUN_NOT_FOUND", `There is no run ${runId}.`);
}
