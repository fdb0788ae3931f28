// A worker whose tools tell what they can find: its environment, and the secrets that it was configured with.

import { z } from "zod";
import { AGENTS } from "../../dist/activities/agents.js";
import { defineTool } from "../../dist/activities/tools/define-tool.js";
import { readConfig } from "../../dist/src/config.js";
import { secretsOf } from "../../dist/src/telemetry/secrets.js";
import { openTelemetry } from "../../dist/src/telemetry/telemetry.js";
import { asProcess } from "../../dist/src/worker/as-process.js";
import { runWorker } from "../../dist/src/worker/run-worker.js";

await asProcess(async () => {
  const config = readConfig();
  const key = config.provider.apiKey ?? "";
  const tool = (name, execute) =>
    defineTool({
      name,
      description: "Tells what it can find.",
      input: z.object({}),
      permission: "read",
      effect: "pure",
      execute,
    });
  const tools = [
    tool("peek", () => JSON.stringify(process.env)),
    tool("tell", () => `${key} ${Buffer.from(`user:${key}`).toString("base64")}`),
    tool("tell_at_length", () => `${"x".repeat(70_000)}${key}`),
    tool("fail", () => {
      throw new Error(`refused: ${key}`, { cause: new Error(config.database.url) });
    }),
    tool("log", (_, { log }) => {
      log.info({ header: `Bearer ${key}` }, `asked with ${key}`);
      return "logged";
    }),
  ];
  const leaky = {
    name: "leaky",
    instructions: "Do what the test says.",
    tools: [...tools.map(({ spec }) => spec.name), "read_result"],
  };
  const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
  await runWorker(config, telemetry, {
    tools,
    agents: [...AGENTS, leaky],
    ownEnv: process.env,
  });
});
