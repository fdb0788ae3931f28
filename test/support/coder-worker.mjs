// A worker with an agent that may run code, as somebody who uses Pawl would start it.

import { AGENTS } from "../../dist/activities/agents.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { asProcess } from "../../dist/src/worker/as-process.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const coder = {
  name: "coder",
  instructions: "You write programs and run them.",
  tools: ["write_file", "run_code"],
};

await asProcess(async () => {
  const config = readConfig();
  await runWorker(config, openTelemetry(config.log), { agents: [...AGENTS, coder] });
});
