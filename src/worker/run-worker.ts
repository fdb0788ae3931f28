// A worker: takes runs from the task queues until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import type { Config } from "../config.ts";
import { DUTIES, type Duty } from "../domain/duty.ts";
import { migrate, openDatabase } from "../store/database.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { accessByEnvironment } from "../temporal/access.ts";
import { ensureSearchAttributes } from "../temporal/search-attributes.ts";
import { openWorkerConnection } from "../temporal/worker-connection.ts";
import { createDeps, type WorkerSkills } from "./activity-deps.ts";
import { patiently } from "./patience.ts";
import { withoutPromiseHook } from "./promise-hook.ts";
import { required } from "./required.ts";
import { installRuntime } from "./runtime.ts";
import { createWorkers, serve } from "./served-queues.ts";
import { keepSweeping } from "./sweep.ts";
import { warnAtStart } from "./warn-at-start.ts";

export interface WorkerTerms extends WorkerSkills {
  /** All of it, where nothing is said. */
  readonly only?: Duty;
}

/** Serves until SIGTERM or SIGINT; then finishes what it can within its grace time. */
export async function runWorker(
  config: Config,
  telemetry: Telemetry,
  { only, ...skills }: WorkerTerms = {},
): Promise<void> {
  const duties = only === undefined ? DUTIES : [only];
  installRuntime(telemetry);
  const db = openDatabase(required("DATABASE_URL", config.database.url), {
    connectionsMax: config.database.maxConnections,
  });
  await patiently(telemetry, () => migrate(db));
  const access = accessByEnvironment(config.temporal.namespace);
  const { namespace } = access;
  const connection = await patiently(telemetry, () => openWorkerConnection(access));
  const servesRuns = duties.includes("core");
  if (servesRuns) await ensureSearchAttributes(connection.operatorService, namespace);
  const deps = createDeps(config, telemetry, { db, duties, ...skills });
  await warnAtStart(deps);
  const create = () => createWorkers({ connection, namespace }, deps, duties);
  const workers = await (config.worker.stackTraces ? create() : withoutPromiseHook(create));
  // Besides the queues: each goes on until it is stopped, below.
  const stopSweeping = servesRuns ? keepSweeping(db, deps) : () => {};
  try {
    const serving = serve(workers);
    telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue, duties });
    await serving;
  } finally {
    stopSweeping();
    await deps.deltas.close();
    await db.end();
    await connection.close();
  }
}
