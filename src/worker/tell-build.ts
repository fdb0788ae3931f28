// A worker that was started as a build is given new runs only where that build is current, and Temporal makes none
// current by itself: at its start a worker says how it stands, and what makes it so.

import type { NativeConnection } from "@temporalio/worker";
import type { Config } from "../config.ts";
import type { Duty } from "../domain/duty.ts";
import { isSameBuild, type Build } from "../domain/fleet.ts";
import { makeCurrentCommand } from "../domain/missing-workers.ts";
import { lookAtRouting } from "../temporal/pollers.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

interface Asked {
  readonly connection: Pick<NativeConnection, "workflowService">;
  readonly namespace: string;
  readonly duties: readonly Duty[];
}

/** Null where the worker has none: it takes what is given to no build. */
export function buildIn({ deploymentName, buildId }: Config["temporal"]): Build | null {
  if (deploymentName === undefined || buildId === undefined) return null;
  return { deployment: deploymentName, buildId };
}

/** Never throws: a worker serves whether or not it can be said. */
export async function tellBuild(
  { connection, namespace, duties: [duty = "core"] }: Asked,
  { temporal }: Pick<Config, "temporal">,
  telemetry: Telemetry,
): Promise<void> {
  const build = buildIn(temporal);
  if (build === null) return;
  try {
    const sought = { namespace, taskQueue: temporal.taskQueue };
    const { current, ramping } = await lookAtRouting(connection.workflowService, sought, duty);
    const isRamping = ramping !== null && isSameBuild(ramping.build, build);
    telemetry.emit({
      event: "worker_build",
      ...build,
      isCurrent: isSameBuild(current, build),
      rampPercent: isRamping ? ramping.percent : null,
      currentBuildId: current?.buildId ?? null,
      makeCurrent: makeCurrentCommand(build, namespace),
    });
  } catch (error) {
    telemetry.emit({ event: "worker_build_unknown", ...build, error });
  }
}
