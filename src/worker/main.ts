// The worker process: `node dist/src/worker/main.js`.

import { readConfig } from "../config.ts";
import { CATALOGUE, isPawlError } from "../domain/errors.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { runWorker } from "./run-worker.ts";

try {
  const config = readConfig();
  await runWorker(config, openTelemetry(config.log));
} catch (error) {
  const code = isPawlError(error) ? error.code : "BACKEND_UNREACHABLE";
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message} (${code}: ${CATALOGUE[code].next})\n`);
  process.exitCode = CATALOGUE[code].exitCode;
}
