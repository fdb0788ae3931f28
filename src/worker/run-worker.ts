// A worker: takes runs from the task queue until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import type { Config } from "../config.ts";
import { migrate, openDatabase } from "../store/database.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { accessByEnvironment } from "../temporal/access.ts";
import { ensureSearchAttributes } from "../temporal/search-attributes.ts";
import { openWorkerConnection } from "../temporal/worker-connection.ts";
import { createDeps, type WorkerSkills } from "./activity-deps.ts";
import { patiently } from "./patience.ts";
import { required } from "./required.ts";
import { installRuntime } from "./runtime.ts";
import { serveQueue } from "./served-queue.ts";
import { keepSweeping } from "./sweep.ts";
import { warnAtStart } from "./warn-at-start.ts";

/** Serves until SIGTERM or SIGINT; then finishes what it can within its grace time. */
export async function runWorker(
  config: Config,
  telemetry: Telemetry,
  skills: WorkerSkills = {},
): Promise<void> {
  installRuntime(telemetry);
  const db = openDatabase(required("DATABASE_URL", config.database.url));
  await patiently(telemetry, () => migrate(db));
  const access = accessByEnvironment(config.temporal.namespace);
  const { namespace } = access;
  const connection = await patiently(telemetry, () => openWorkerConnection(access));
  await ensureSearchAttributes(connection.operatorService, namespace);
  const deps = createDeps(config, telemetry, { db, ...skills });
  await warnAtStart(deps);
  const worker = await serveQueue({ connection, namespace }, deps);
  // Besides the queues: each goes on until it is stopped, below.
  const stopSweeping = keepSweeping(db, deps);
  try {
    const serving = worker.run();
    telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue });
    await serving;
  } finally {
    stopSweeping();
    await deps.deltas.close();
    await db.end();
    await connection.close();
  }
}
