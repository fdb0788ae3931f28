// A worker whose tools tell what they can find: its environment, and the secrets that it was configured with. It is
// made as the docs say.

import { z } from "zod";
import { readConfig } from "../../dist/src/config.js";
import { defineTool } from "../../dist/src/library/index.js";
import { asProcess, runWorker } from "../../dist/src/library/worker.js";

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
    tool("peek_at_names", () => Object.keys(process.env).join(" ")),
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
  await runWorker({ tools, agents: [leaky] });
});
