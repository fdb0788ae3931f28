// A worker whose agent brings limits of its own.

import { AGENTS } from "../../dist/activities/agents.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const thrifty = {
  name: "thrifty",
  instructions: "Do what the test says.",
  tools: ["calculator"],
  limits: { costMicroUsd: 12_000 },
};

const config = readConfig();
await runWorker(config, openTelemetry(config.log), { agents: [...AGENTS, thrifty] });
