// The MCP servers of this worker's project: what `.mcp.json` says of them, and connections to them through the guard.
// A server that its operator named by URL may be an inner one; whatever it redirects to, or names as its own, may not.

import { mcpSource } from "../../activities/tool-sources/mcp.ts";
import type { ToolSource } from "../../activities/tool-sources/tool-source.ts";
import type { Config } from "../config.ts";
import { startChildKeeper } from "../mcp/child-keeper.ts";
import { guardFor } from "../mcp/guard.ts";
import { createPool } from "../mcp/pool.ts";
import { readMcpFile } from "../mcp/read-file.ts";
import { packageVersion } from "../package-version.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** Nothing is started before a run wants it. */
export function openMcp(config: Config, telemetry: Telemetry): ToolSource {
  const { servers, mistakes, notes } = readMcpFile(config.project.dir);
  for (const message of mistakes) telemetry.emit({ event: "mcp_config_wrong", message });
  for (const message of notes) telemetry.emit({ event: "mcp_config_note", message });
  const pool = createPool({
    fetchFor: guardFor(config.proxy),
    keeper: startChildKeeper(),
    version: packageVersion(),
  });
  return mcpSource({ servers, pool, timeoutMs: config.timers.toolTimeoutMs, telemetry });
}
