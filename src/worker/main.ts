// The worker process: `node dist/src/worker/main.js`. Little is loaded before it has looked for the room to.

import { refuseTightRoom } from "../process/room.ts";
import { asProcess } from "./as-process.ts";

/** Its modules alone are some 55 MB. */
const HEAP_TO_LOAD_MB = 64;

await asProcess(async () => {
  refuseTightRoom(HEAP_TO_LOAD_MB);
  const { readConfig } = await import("../config.ts");
  const [{ secretsOf }, { openTelemetry }, { projectReportIn }, { runWorker }] = await Promise.all([
    import("../telemetry/secrets.ts"),
    import("../telemetry/telemetry.ts"),
    import("../project/project-report.ts"),
    import("./run-worker.ts"),
  ]);
  const config = readConfig();
  const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
  const projectReport = projectReportIn(config.stack.dir);
  await runWorker(config, telemetry, { ownEnv: process.env, projectReport });
});
