// The servers that `.mcp.json` names: whether each of them can be reached from here as a worker reaches it, what it
// speaks, and how many tools it has. Programs among them are started for it, and ended again.

import type { Config } from "../config.ts";
import { startChildKeeper } from "../mcp/child-keeper.ts";
import { guardFor } from "../mcp/guard.ts";
import { createPool, type Pool } from "../mcp/pool.ts";
import { readMcpFile } from "../mcp/read-file.ts";
import type { McpServer } from "../mcp/server-config.ts";
import { packageVersion } from "../package-version.ts";
import { fail, ok, warn, type Check } from "./check.ts";

/** Each of its tenants has connections of its own; this is nobody's. */
const NOBODY = "";

export async function checkMcp({
  project,
  proxy,
}: Pick<Config, "project" | "proxy">): Promise<readonly Check[]> {
  const { servers, mistakes, notes } = readMcpFile(project.dir);
  const wrong = mistakes.map((mistake) =>
    fail("mcp", mistake, "mend it and start the worker again: docs/mcp.md"),
  );
  const noted = notes.map((note) => ok("mcp", note));
  const keeper = startChildKeeper();
  const pool = createPool({ fetchFor: guardFor(proxy), keeper, version: packageVersion() });
  try {
    const found = await Promise.all(servers.map((server) => checkServer(server, pool)));
    return [...wrong, ...noted, ...found];
  } finally {
    await pool.close();
  }
}

async function checkServer(server: McpServer, pool: Pool): Promise<Check> {
  const name = `mcp ${server.name}`;
  const { way } = server;
  const place = way.kind === "http" ? way.url.origin : way.command;
  try {
    const { tools } = await pool.tools(server, NOBODY);
    const era = await pool.use(server, NOBODY, async ({ connection }) => connection.era);
    const speaks = era === "modern" ? "2026-07-28" : "2025-11-25 or older";
    return ok(name, `${place}: ${tools.length} tool${tools.length === 1 ? "" : "s"}, ${speaks}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const fix =
      way.kind === "http"
        ? "start it, or look at its url, headers and oauth in .mcp.json; runs go without its tools meanwhile"
        : "run its command by hand: what it prints says why; runs go without its tools meanwhile";
    return warn(name, `${place}: ${why}`, fix);
  }
}
