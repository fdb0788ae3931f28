// One file of tools: a module that exports what `defineTool` has made. A file that does not even speak of it is not
// loaded: a folder called tools may be anybody's, and loading a script runs it.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Tool } from "../../activities/tools/define-tool.ts";
import { loadModule, type Place } from "./load-module.ts";
import { lineSaying, type Mistake } from "./mistake.ts";
import type { ReadFile } from "./read-agent.ts";

export interface ReadTool {
  readonly tool: Tool;
  readonly file: string;
  readonly line: number | null;
}

const REMEDY = 'Write: import { defineTool } from "pawl"; export const x = defineTool({ … }).';

export async function readTools(place: Place): Promise<ReadFile<ReadTool>> {
  const file = relative(place.dir, place.path);
  const text = readFileSync(place.path, "utf8");
  if (!/\bdefineTool\b/.test(text)) {
    return broken({ file, line: 1, what: "It defines no tool.", remedy: REMEDY });
  }
  const loaded = await loadModule(place);
  if (loaded.kind === "broken") return loaded;
  const exported = [...new Set(Object.values(loaded.exports).flat())];
  const unwrapped = Object.entries(loaded.exports).find(([, value]) => isUnwrapped(value));
  if (unwrapped !== undefined) {
    const [name] = unwrapped;
    return broken({
      file,
      line: lineSaying(text, ` ${name} `, name),
      what: `${name} is a definition that no defineTool has made a tool.`,
      remedy: `Write: export const ${name === "default" ? "x" : name} = defineTool({ … }).`,
    });
  }
  const tools = exported.filter(isTool);
  if (tools.length === 0) {
    const line = lineSaying(text, "defineTool(");
    return broken({ file, line, what: "It exports no tool.", remedy: REMEDY });
  }
  return {
    kind: "read",
    items: tools.map((tool) => ({ tool, file, line: lineOf(tool, text) })),
  };
}

function broken(mistake: Mistake): ReadFile<ReadTool> {
  return { kind: "broken", mistakes: [mistake] };
}

function lineOf({ spec }: Tool, text: string): number | null {
  return lineSaying(text, `"${spec.name}"`, `'${spec.name}'`, spec.name);
}

/** By shape: some make their tools themselves. */
function isTool(value: unknown): value is Tool {
  if (typeof value !== "object" || value === null || !("spec" in value)) return false;
  const { spec } = value;
  const isNamed = typeof spec === "object" && spec !== null && "name" in spec;
  return isNamed && "run" in value && typeof value.run === "function";
}

function isUnwrapped(value: unknown): boolean {
  return typeof value === "object" && value !== null && "execute" in value && "input" in value;
}
