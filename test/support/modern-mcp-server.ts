// A server of MCP by the official package, for a test: both eras, over HTTP in this process, behind whatever the test
// wants to see (a login, a redirect, a count of requests).

import { serve } from "@hono/node-server";
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  McpServer,
} from "@modelcontextprotocol/server";
import { z } from "zod";

export interface ModernServer {
  readonly url: string;
  /** Of each request: its method and path, and what it shows to be let in. */
  readonly requests: readonly { readonly line: string; readonly authorization: string | null }[];
  stop(): Promise<void>;
}

type Handle = (request: Request, next: () => Promise<Response>) => Promise<Response>;

export async function startModernServer(
  handle: Handle = async (_, next) => await next(),
): Promise<ModernServer> {
  const requests: { line: string; authorization: string | null }[] = [];
  const handler = createMcpHandler(() => modernServer());
  let server: ReturnType<typeof serve> | null = null;
  const port = await new Promise<number>((resolve) => {
    server = serve(
      {
        port: 0,
        hostname: "127.0.0.1",
        fetch: async (request) => {
          const { pathname } = new URL(request.url);
          requests.push({
            line: `${request.method} ${pathname}`,
            authorization: request.headers.get("authorization"),
          });
          return await handle(request, () => handler.fetch(request));
        },
      },
      (info) => resolve(info.port),
    );
  });
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    requests,
    stop: async () => {
      await handler.close();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
}

export function modernServer(): McpServer {
  const server = new McpServer(
    { name: "modern", version: "1.0.0" },
    { capabilities: { tools: {} } },
  );
  server.registerTool(
    "echo",
    { description: "Says it again.", inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => ({ content: [{ type: "text", text }] }),
  );
  server.registerTool(
    "deploy",
    { description: "Deploys, when a person agrees.", inputSchema: z.object({ env: z.string() }) },
    async ({ env }, context) => {
      const form = z.object({ confirm: z.boolean(), note: z.string() });
      const said = acceptedContent(context.mcpReq.inputResponses, "go/ahead", form);
      if (said?.confirm === true)
        return { content: [{ type: "text", text: `deployed to ${env}: ${said.note}` }] };
      if (context.mcpReq.inputResponses !== undefined)
        return { content: [{ type: "text", text: "nobody agreed" }], isError: true };
      return inputRequired({
        inputRequests: {
          "go/ahead": inputRequired.elicit({
            message: `Deploy to ${env}?`,
            requestedSchema: {
              type: "object",
              properties: {
                confirm: { type: "boolean", title: "Go ahead" },
                note: { type: "string", maxLength: 100 },
              },
              required: ["confirm", "note"],
            },
          }),
        },
        requestState: "state-of-the-server",
      });
    },
  );
  return server;
}
