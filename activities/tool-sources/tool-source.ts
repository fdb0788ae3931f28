// Where the tools of runs come from, behind one interface: those that ship with Pawl (built-in.ts) and
// those that a worker's owner brings; a folder, an MCP server or a run of another agent is one source more.
// A run is told what there is when it is opened, and keeps that; a call is executed by whatever the
// worker that takes it has by that name.
//
// Invariants; each number is also the name of a test.
//   Z1. A name belongs to the first source that has it: no later one can slip its tool into its place,
//       neither when a run is opened nor when a call is executed.

import type { PinnedTool, ServerTool, ToolSpec } from "../../src/domain/tool.ts";
import type { AgentDefinition } from "../agents.ts";
import type { Tool } from "../tools/define-tool.ts";

/** Of the run that is opened, what tools may depend on. */
export interface RunTerms {
  readonly agent: AgentDefinition;
  readonly tenant: string;
  /** Those that may be called. */
  readonly models: readonly string[];
  readonly costCapMicroUsd: number;
}

export interface SourcedTool {
  readonly spec: ToolSpec;
  /** Where the provider executes it itself: then nobody of ours does. Null where the run can't pay for it. */
  readonly onServer?: ServerTool | null;
  /** Known, so that rules may name it, but not offered: it could not do its work here. */
  readonly isIdle?: boolean;
}

export interface ToolSource {
  /** For people. */
  readonly name: string;
  /** What it has for such a run; which of them the agent may use is not the source's to say. */
  list(terms: RunTerms): Promise<readonly SourcedTool[]>;
  /** To execute a call; null where this source has no such tool. `pinned`: as the run has it, where it has an origin. */
  open(name: string, pinned?: PinnedTool): Promise<Tool | null>;
  /** Of a source that may be away: whether it could have a tool of this name. */
  mayHave?(name: string): boolean;
  /** What it holds open; no call comes after it. */
  close?(): Promise<void>;
}

/** A source of tools that are there from the start. */
export function listedTools(name: string, tools: readonly Tool[]): ToolSource {
  return {
    name,
    list: async () => tools.map(({ spec }) => ({ spec })),
    open: async (wanted) => tools.find(({ spec }) => spec.name === wanted) ?? null,
  };
}

export async function listTools(
  sources: readonly ToolSource[],
  terms: RunTerms,
): Promise<readonly SourcedTool[]> {
  const lists = await Promise.all(sources.map((source) => source.list(terms)));
  const byName = new Map<string, SourcedTool>();
  for (const tool of lists.flat()) {
    if (!byName.has(tool.spec.name)) byName.set(tool.spec.name, tool);
  }
  return [...byName.values()];
}

export async function openTool(
  sources: readonly ToolSource[],
  name: string,
  pinned?: PinnedTool,
): Promise<Tool | null> {
  for (const source of sources) {
    const tool = await source.open(name, pinned);
    if (tool !== null) return tool;
  }
  return null;
}

/** Whether rules may speak of it: it is there, or would be if its source were. */
export function isKnownTool(
  sources: readonly ToolSource[],
  known: readonly Pick<ToolSpec, "name">[],
  name: string,
): boolean {
  return (
    known.some((spec) => spec.name === name) ||
    sources.some((source) => source.mayHave?.(name) === true)
  );
}
