// Open runs that are pinned to a build, by Temporal's own columns: it writes them where a run first meets a worker
// that has a build. A second or so behind the runs, as all lists are.

import type { WorkflowService } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import proto, { type temporal } from "@temporalio/proto";
import { buildsIn, livingIn, unservedOf, type Build, type Fleet } from "../domain/fleet.ts";
import type { Stranded } from "../domain/missing-workers.ts";
import { BATCH_WORKFLOW_TYPE, WORKFLOW_TYPE } from "./names.ts";
import { buildOf, type QueuesSought } from "./pollers.ts";

const { VERSIONING_BEHAVIOR_PINNED } = proto.temporal.api.enums.v1.VersioningBehavior;

/** Of more builds that are gone nobody wants to read at once. */
const BUILDS_MAX = 5;

const DEPLOYMENT = "TemporalWorkerDeployment";
const VERSION = "TemporalWorkerDeploymentVersion";

/** Those whose build lacks a worker, by build. */
export async function strandedRuns(
  service: WorkflowService,
  sought: QueuesSought,
  fleet: Fleet,
): Promise<readonly Stranded[]> {
  const { namespace } = sought;
  const served = buildsIn(livingIn(fleet.core)).filter(
    (build) => build !== null && unservedOf(build, fleet).length === 0,
  );
  const left = served.flatMap((build) => (build === null ? [] : [versionOf(build)]));
  const found: Stranded[] = [];
  while (found.length < BUILDS_MAX) {
    const query = pinnedQuery(sought.taskQueue, left);
    const page = await service.listWorkflowExecutions({ namespace, query, pageSize: 1 });
    const build = pinnedIn(page.executions?.[0]?.searchAttributes?.indexedFields);
    if (build === null || left.includes(versionOf(build))) break;
    const of = `${pinnedQuery(sought.taskQueue, [])} AND ${VERSION} = ${quoted(versionOf(build))}`;
    const { count } = await service.countWorkflowExecutions({ namespace, query: of });
    found.push({ build, runs: Number(count ?? 0), unserved: unservedOf(build, fleet) });
    left.push(versionOf(build));
  }
  return found.filter(({ runs }) => runs > 0);
}

type Described = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/** The build with which it goes on; null of a run that any worker may take. */
export function pinnedBuild({ versioningInfo: info }: Described): Build | null {
  const override = info?.versioningOverride;
  if (override?.autoUpgrade === true) return null;
  const forced = override?.pinned?.version;
  if (forced) return buildOf(forced);
  const isPinned = info?.behavior === VERSIONING_BEHAVIOR_PINNED;
  return isPinned && info?.deploymentVersion ? buildOf(info.deploymentVersion) : null;
}

function pinnedQuery(taskQueue: string, leftOut: readonly string[]): string {
  const conditions = [
    `WorkflowType IN ('${WORKFLOW_TYPE}', '${BATCH_WORKFLOW_TYPE}')`,
    `TaskQueue = ${quoted(taskQueue)}`,
    "ExecutionStatus = 'Running'",
    "TemporalWorkflowVersioningBehavior = 'Pinned'",
  ];
  if (leftOut.length > 0) conditions.push(`${VERSION} NOT IN (${leftOut.map(quoted).join(", ")})`);
  return conditions.join(" AND ");
}

/** As the column has it. */
function versionOf({ deployment, buildId }: Build): string {
  return `${deployment}:${buildId}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

type Columns = Readonly<Record<string, temporal.api.common.v1.IPayload>> | null | undefined;

function pinnedIn(columns: Columns): Build | null {
  const [deployment, version] = [textIn(columns, DEPLOYMENT), textIn(columns, VERSION)];
  if (deployment === null || version === null) return null;
  return { deployment, buildId: version.slice(deployment.length + 1) };
}

function textIn(columns: Columns, name: string): string | null {
  const payload = columns?.[name];
  const value: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return typeof value === "string" ? value : null;
}
