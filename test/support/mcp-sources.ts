// The source of MCP tools as a worker has it, over servers of a test.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { mcpSource } from "../../activities/tool-sources/mcp.ts";
import type { SourcedTool, ToolSource } from "../../activities/tool-sources/tool-source.ts";
import type { ToolContext } from "../../activities/tools/define-tool.ts";
import type { ToolResult } from "../../activities/tools/tool-questions.ts";
import { startChildKeeper } from "../../src/mcp/child-keeper.ts";
import { guardFor } from "../../src/mcp/guard.ts";
import { createPool, type Times } from "../../src/mcp/pool.ts";
import { parseMcpFile } from "../../src/mcp/read-file.ts";
import type { ToolSpec } from "../../src/domain/tool.ts";
import type { TelemetryEvent } from "../../src/telemetry/event.ts";
import { packageFile } from "../../src/package-root.ts";
import { contextFor } from "../unit/tools/support.ts";

export interface McpScene {
  readonly source: ToolSource;
  readonly told: readonly TelemetryEvent[];
  /** A file of this scene's own folder. */
  readonly path: (name: string) => string;
  /** What a run of an agent that names these is offered. */
  readonly tools: (...wanted: readonly string[]) => Promise<readonly SourcedTool[]>;
  /** As such a run has it pinned. */
  readonly spec: (name: string) => Promise<ToolSpec>;
  readonly call: (
    spec: ToolSpec,
    args?: unknown,
    context?: Partial<ToolContext>,
  ) => Promise<ToolResult>;
  /** Of the hostile server that notes there: each start of it. */
  readonly starts: (notes: string) => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
}

export interface SceneTerms {
  readonly times?: Partial<Times>;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

type Servers = Readonly<Record<string, unknown>>;

export async function openMcpScene(
  servers: Servers | ((path: (name: string) => string) => Servers),
  { times = {}, env = {}, timeoutMs = 60_000 }: SceneTerms = {},
): Promise<McpScene> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-mcp-"));
  const path = (name: string): string => join(dir, name);
  const mcpServers = typeof servers === "function" ? servers(path) : servers;
  const file = parseMcpFile(path(".mcp.json"), JSON.stringify({ mcpServers }), env);
  if (file.mistakes.length > 0) throw new Error(file.mistakes.join("\n"));
  const told: TelemetryEvent[] = [];
  const telemetry = {
    emit: (event: TelemetryEvent) => void told.push(event),
    log: pino({ level: "silent" }),
  };
  const pool = createPool(
    { fetchFor: guardFor({}), keeper: startChildKeeper(), version: "0.0.0" },
    times,
  );
  const source = mcpSource({
    servers: file.servers,
    pool,
    timeoutMs,
    telemetry,
  });
  const tools = async (...wanted: readonly string[]) =>
    await source.list({
      agent: { name: "a", instructions: "", tools: wanted },
      tenant: "local",
      models: [],
      costCapMicroUsd: 1,
    });
  return {
    source,
    told,
    path,
    tools,
    spec: async (name) => {
      const [found] = (await tools(name)).filter(({ spec }) => spec.name === name);
      if (found === undefined) throw new Error(`no ${name}: ${JSON.stringify(told)}`);
      return found.spec;
    },
    call: async (spec, args = {}, context = {}) => {
      const tool = await source.open(spec.name, spec);
      if (tool === null) throw new Error(`no ${spec.name}`);
      return await tool.run(args, contextFor(context));
    },
    starts: async (notes) => {
      const text = await readFile(path(notes), "utf8").catch(() => "");
      return text.split("\n").filter(Boolean).map(Number);
    },
    close: async () => {
      await source.close?.();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function hostileServer(notes: string, ...switches: readonly string[]) {
  const main = packageFile("test/support/hostile-mcp-server.mjs");
  return { command: process.execPath, args: [main, notes, ...switches] };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
