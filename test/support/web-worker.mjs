// A worker with an agent that may use the tools of the web.

import { AGENTS } from "../../dist/activities/agents.js";
import { readConfig } from "../../dist/src/config.js";
import { secretsOf } from "../../dist/src/telemetry/secrets.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { asProcess } from "../../dist/src/worker/as-process.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

await asProcess(async () => {
  const config = readConfig();
  const surfer = {
    name: "surfer",
    instructions: "Do what the test says.",
    tools: ["web_search", "web_fetch", "http_request", "read_result"],
  };
  await runWorker(config, openTelemetry(config.log, { secrets: secretsOf(config) }), {
    agents: [...AGENTS, surfer],
    ownEnv: process.env,
  });
});
