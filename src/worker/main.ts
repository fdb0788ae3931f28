// The worker process: `node dist/src/worker/main.js`.

import { readConfig } from "../config.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { asProcess } from "./as-process.ts";
import { runWorker } from "./run-worker.ts";

await asProcess(async () => {
  const config = readConfig();
  const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
  await runWorker(config, telemetry, { ownEnv: process.env });
});
