// The task queues that runs wait in: how many workers poll for runs, what a new run would wait for, how much waits,
// and which runs wait for a build that nobody serves any more.

import { DUTIES, type Duty } from "../domain/duty.ts";
import { livingIn, type Build, type Fleet } from "../domain/fleet.ts";
import {
  missingFor,
  pinnedText,
  unservedIn,
  type Missing,
  type Stranded,
} from "../domain/missing-workers.ts";
import { pinnedBuild, strandedRuns } from "../temporal/pinned-runs.ts";
import { lookAtFleet } from "../temporal/pollers.ts";
import type { Backend } from "./connect.ts";

export interface Queue {
  /** Tasks that no worker has taken yet, of all queues. */
  readonly backlog: number;
  /** Those that live and poll for runs. */
  readonly workers: number;
  /** What no worker polls for that might take it from a new run: it waits when it comes to that. */
  readonly unserved: readonly Duty[];
  /** The same in words, with what helps; null where a new run finds all that it needs. */
  readonly missing: Missing | null;
  /** Who polls which queue, as which build. */
  readonly fleet: Fleet;
}

/** A run that goes on with one build alone, and nobody is there who serves it. */
export interface LeftBehind {
  readonly build: Build;
  readonly message: string;
}

type Asked = Pick<Backend, "client" | "namespace" | "taskQueue">;

export async function describeQueues({ client, namespace, taskQueue }: Asked): Promise<Queue> {
  const fleet = await lookAtFleet(client.workflowService, { namespace, taskQueue });
  return {
    backlog: DUTIES.reduce((sum, duty) => sum + fleet[duty].backlog, 0),
    workers: livingIn(fleet.core).length,
    unserved: unservedIn(fleet),
    missing: missingFor(fleet, namespace),
    fleet,
  };
}

/** Open runs that are pinned to a build which lacks a worker. */
export async function findStranded({
  client,
  namespace,
  taskQueue,
}: Asked): Promise<readonly Stranded[]> {
  const sought = { namespace, taskQueue };
  const fleet = await lookAtFleet(client.workflowService, sought);
  return await strandedRuns(client.workflowService, sought, fleet);
}

/** Null of a run that is not pinned, or whose build is served. */
export async function whoLeftBehind(
  { client, namespace }: Pick<Backend, "client" | "namespace">,
  runId: string,
): Promise<LeftBehind | null> {
  const { raw, taskQueue } = await client.workflow.getHandle(runId).describe();
  const build = pinnedBuild(raw.workflowExecutionInfo ?? {});
  if (build === null || raw.workflowExecutionInfo?.closeTime) return null;
  const fleet = await lookAtFleet(client.workflowService, { namespace, taskQueue });
  const message = pinnedText(build, fleet);
  return message === null ? null : { build, message };
}
