// The tools of the MCP servers that `.mcp.json` names. A run is offered what its servers have when it is opened; a
// server that is away then has none, and the run opens without it. What a run was told of a tool is pinned with it.
//
//   E5. A tool is called only while it is what the run was told: name, description, schema and annotations.

import { descriptionFor, schemaFor, whyNotOffered } from "../../src/mcp/offered-tool.ts";
import type { Pool } from "../../src/mcp/pool.ts";
import type { McpServer } from "../../src/mcp/server-config.ts";
import { toolDigest, type DescribedTool } from "../../src/mcp/tool-digest.ts";
import { namePrefix, toolName } from "../../src/mcp/tool-names.ts";
import type { ToolSpec } from "../../src/domain/tool.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { RunTerms, SourcedTool, ToolSource } from "./tool-source.ts";

export interface McpParts {
  readonly servers: readonly McpServer[];
  readonly pool: Pool;
  /** A call of a server that names no time of its own. */
  readonly timeoutMs: number;
  readonly telemetry: Pick<Telemetry, "emit">;
}

/** Of what all servers together say of their tools: a snapshot must hold it, and every request repeats it. */
const SPECS_BYTES_MAX = 128 * 1024;
const LEFT_OUT_TOLD_MAX = 10;

export function mcpSource(parts: McpParts): ToolSource {
  const { servers, pool, telemetry } = parts;
  const told = new Set<string>();
  const ofPrefix = (name: string): McpServer | undefined =>
    servers.find((server) => name.startsWith(namePrefix(server.name)));

  const listOf = async (server: McpServer, terms: RunTerms, bytesMax: number) => {
    try {
      const listed = await pool.tools(server, terms.tenant);
      const { tools, leftOut } = offered(listed.tools, { server, terms, bytesMax, parts });
      const what = [...leftOut, ...(listed.isCut ? ["all beyond the first 256"] : [])];
      const key = JSON.stringify([server.name, what]);
      if (what.length > 0 && !told.has(key)) {
        told.add(key);
        const some = what.slice(0, LEFT_OUT_TOLD_MAX);
        telemetry.emit({ event: "mcp_tools_left_out", server: server.name, tools: some });
      }
      return tools;
    } catch (error) {
      telemetry.emit({ event: "mcp_server_away", server: server.name, error });
      return [];
    }
  };

  return {
    name: "mcp",
    async list(terms) {
      const asked = servers.filter(({ name }) => mayName(terms.agent.tools, namePrefix(name)));
      const bytesMax = SPECS_BYTES_MAX / Math.max(1, asked.length);
      return (await Promise.all(asked.map((server) => listOf(server, terms, bytesMax)))).flat();
    },
    mayHave: (name) => ofPrefix(name) !== undefined,
    async open(name, pinned) {
      const server = ofPrefix(name);
      if (server === undefined || pinned?.origin === undefined) return null;
      // With the protocol's client, which a worker without servers never needs.
      const { mcpTool } = await import("./mcp-tool.ts");
      return mcpTool(server, { ...pinned, origin: pinned.origin }, pool);
    },
    close: () => pool.close(),
  };
}

/** Nobody asks a server of which an agent wants nothing. */
function mayName(wanted: readonly string[], prefix: string): boolean {
  return wanted.some((entry) => {
    const [literal = "", ...more] = entry.split("*");
    return literal.startsWith(prefix) || (more.length > 0 && prefix.startsWith(literal));
  });
}

interface Terms {
  readonly server: McpServer;
  readonly terms: RunTerms;
  readonly bytesMax: number;
  readonly parts: McpParts;
}

function offered(
  listed: readonly DescribedTool[],
  { server, terms, bytesMax, parts }: Terms,
): { readonly tools: readonly SourcedTool[]; readonly leftOut: readonly string[] } {
  const tools = new Map<string, SourcedTool>();
  const leftOut: string[] = [];
  let bytes = 0;
  for (const tool of listed) {
    const name = toolName(server.name, tool.name);
    if (!mayName(terms.agent.tools, name)) continue;
    const why = tools.has(name)
      ? "another of the server has its name"
      : whyNotOffered(tool, server.way.kind === "http");
    if (why !== null) {
      leftOut.push(`${tool.name.slice(0, 100)}: ${why}`);
      continue;
    }
    const spec = specOf(tool, { name, server, timeoutMs: server.timeoutMs ?? parts.timeoutMs });
    bytes += Buffer.byteLength(JSON.stringify(spec));
    if (bytes > bytesMax) {
      leftOut.push(`${tool.name} and what comes after it: more than ${bytesMax} bytes in all`);
      break;
    }
    tools.set(name, { spec });
  }
  return { tools: [...tools.values()], leftOut };
}

interface Named {
  readonly name: string;
  readonly server: McpServer;
  readonly timeoutMs: number;
}

function specOf(tool: DescribedTool, { name, server, timeoutMs }: Named): ToolSpec {
  return {
    name,
    description: descriptionFor(tool),
    inputSchema: schemaFor(tool),
    ...standingOf(tool, server),
    timeoutMs,
    inline: false,
    origin: { server: server.name, tool: tool.name, digest: toolDigest(tool) },
  };
}

/** What a server says of its own tools binds nobody, and is believed only where its operator says so. */
function standingOf(
  { annotations = {} }: DescribedTool,
  { trustHints }: McpServer,
): Pick<ToolSpec, "permission" | "effect" | "attemptsMax"> {
  const { readOnlyHint, idempotentHint } = annotations;
  if (trustHints && readOnlyHint === true)
    return { permission: "read", effect: "pure", attemptsMax: 3 };
  if (trustHints && idempotentHint === true)
    return { permission: "execute", effect: "idempotent", attemptsMax: 3 };
  return { permission: "execute", effect: "once", attemptsMax: 1 };
}
