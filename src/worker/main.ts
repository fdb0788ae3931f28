// The worker process: `node dist/src/worker/main.js`.

import { readConfig } from "../config.ts";
import { exitCodeOfWords, lastLineOf, lastWordsOf } from "../domain/last-words.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { runWorker } from "./run-worker.ts";

try {
  const config = readConfig();
  await runWorker(config, openTelemetry(config.log));
} catch (error) {
  const words = lastWordsOf(error);
  // Temporal's runtime has the signals by now and keeps the process: it would neither end nor be told to.
  process.stderr.write(`${lastLineOf(words)}\n`, () => process.exit(exitCodeOfWords(words)));
}
