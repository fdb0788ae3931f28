// Asks a run, or a batch, to end. It hears of that from a worker: whether one polls that may take it is told as well,
// since nothing comes of a cancel where nobody does.

import { isSameBuild, livingIn, type Build } from "../domain/fleet.ts";
import { pinnedBuild } from "../temporal/pinned-runs.ts";
import { lookAtRuns } from "../temporal/pollers.ts";
import type { Backend } from "./connect.ts";
import { asked, runEnded, told } from "./steer.ts";

export interface Cancelled {
  /** The queue that nobody polls, and the run waits in; null where it is served. */
  readonly unservedQueue: string | null;
  /** The build that it is pinned to, where nobody of it polls. */
  readonly unservedBuild?: Build;
}

/** Throws PawlError RUN_ENDED, RUN_NOT_FOUND. */
export async function cancelRun(
  { client, namespace }: Pick<Backend, "client" | "namespace">,
  runId: string,
): Promise<Cancelled> {
  const handle = client.workflow.getHandle(runId);
  // Temporal accepts a cancel of what is over, and nothing comes of it.
  const { closeTime, taskQueue, raw } = await asked(handle.describe(), runId);
  if (closeTime !== undefined) throw runEnded(runId);
  await told(handle, (run) => run.cancel());
  const queue = lookAtRuns(client.workflowService, { namespace, taskQueue });
  const living = livingIn(await asked(queue, runId));
  const build = pinnedBuild(raw.workflowExecutionInfo ?? {});
  const takers = build === null ? living : living.filter((it) => isSameBuild(it.build, build));
  if (takers.length > 0) return { unservedQueue: null };
  return { unservedQueue: taskQueue, ...(build === null ? {} : { unservedBuild: build }) };
}
