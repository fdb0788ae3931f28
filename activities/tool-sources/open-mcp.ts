// The MCP servers of a project: what `.mcp.json` says of them, and connections to them through the guard. Nothing is
// started, and nobody is asked, before a run wants one of their tools.

import type { Config } from "../../src/config.ts";
import { startChildKeeper } from "../../src/mcp/child-keeper.ts";
import { guardFor } from "../../src/mcp/guard.ts";
import { createPool } from "../../src/mcp/pool.ts";
import { readMcpFile } from "../../src/mcp/read-file.ts";
import { packageVersion } from "../../src/package-version.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { mcpSource } from "./mcp.ts";
import type { ToolSource } from "./tool-source.ts";

type Terms = Pick<Config, "project" | "proxy" | "timers">;

export function openMcp(
  { project, proxy, timers }: Terms,
  telemetry: Pick<Telemetry, "emit">,
): ToolSource {
  const { servers, mistakes, notes } = readMcpFile(project.dir);
  for (const message of mistakes) telemetry.emit({ event: "mcp_config_wrong", message });
  for (const message of notes) telemetry.emit({ event: "mcp_config_note", message });
  const pool = createPool({
    fetchFor: guardFor(proxy),
    keeper: startChildKeeper(),
    version: packageVersion(),
  });
  return mcpSource({ servers, pool, timeoutMs: timers.toolTimeoutMs, telemetry });
}
