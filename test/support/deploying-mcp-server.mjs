// A server of MCP by the official package, over stdio: deploys when a person agrees. It notes each start of it and
// each deployment in a file.

import { appendFileSync } from "node:fs";
import { acceptedContent, inputRequired, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const [notes] = process.argv.slice(2);
appendFileSync(notes, `started ${process.pid}\n`);

serveStdio(() => {
  const server = new McpServer(
    { name: "deploying", version: "1" },
    { capabilities: { tools: {} } },
  );
  const description = "Deploys, when a person agrees.";
  server.registerTool(
    "deploy",
    { description, inputSchema: z.object({ env: z.string() }) },
    ({ env }, context) => {
      const form = z.object({ confirm: z.boolean() });
      const said = acceptedContent(context.mcpReq.inputResponses, "confirm", form);
      if (said?.confirm === true) {
        appendFileSync(notes, `deployed ${env}\n`);
        return { content: [{ type: "text", text: `deployed to ${env}` }] };
      }
      const requestedSchema = {
        type: "object",
        properties: { confirm: { type: "boolean" } },
        required: ["confirm"],
      };
      const confirm = inputRequired.elicit({ message: `Deploy to ${env}?`, requestedSchema });
      return inputRequired({ inputRequests: { confirm }, requestState: "s" });
    },
  );
  return server;
});
