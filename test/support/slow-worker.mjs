// A worker whose agent has tools that take their time, and leave traces: a child process, and a line in
// the file NOTES every 50 ms. What goes on after a run has ended can be seen there.

import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { AGENTS } from "../../dist/activities/agents.js";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { builtInTools } from "../../dist/activities/tools/index.js";
import { readConfig } from "../../dist/src/config.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

const note = (line) => appendFileSync(process.env.NOTES, `${line}\n`);

const work = defineTool({
  name: "work",
  description: "Works until it is stopped.",
  input: z.object({}),
  permission: "read",
  effect: "pure",
  async execute(_, { runId, signal }) {
    const child = spawn("sleep", ["600"], { signal, stdio: "ignore" });
    child.on("error", () => undefined);
    note(`${runId} child ${child.pid}`);
    while (true) {
      note(`${runId} tick`);
      await delay(50, undefined, { signal });
    }
  },
});

const ponder = defineTool({
  name: "ponder",
  description: "Takes half a second, inside the workflow task.",
  input: z.object({}),
  permission: "read",
  effect: "pure",
  inline: true,
  async execute(_, { runId, signal }) {
    note(`${runId} tick`);
    await delay(500, undefined, { signal });
    return "pondered";
  },
});

const tools = [work, ponder];
const slow = {
  name: "slow",
  instructions: "Do what the test says.",
  tools: [...builtInTools, ...tools].map(({ spec }) => spec.name),
};

const config = readConfig();
await runWorker(config, openTelemetry(config.log), { tools, agents: [...AGENTS, slow] });
