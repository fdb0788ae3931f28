// What the agents of a project may name besides what lies in its folder.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { builtInTools } from "../../activities/tools/index.ts";
import type { Tool } from "../../activities/tools/define-tool.ts";
import type { Config } from "../config.ts";
import { namePrefix } from "../mcp/tool-names.ts";
import type { Surroundings } from "./load-project.ts";

/** `own`: tools that a worker of somebody's own has besides. */
export function surroundingsOf(
  { models, project }: Pick<Config, "models" | "project">,
  own: readonly Tool[] = [],
): Surroundings {
  return {
    models: models.table,
    builtIn: [...builtInTools, ...own].map(({ spec }) => spec),
    elsewhere:
      project.dir === null ? [] : mcpServers(project.dir).map((name) => `${namePrefix(name)}*`),
  };
}

/** Which tools a server has is known once it is asked. */
function mcpServers(dir: string): readonly string[] {
  try {
    const file: unknown = JSON.parse(readFileSync(join(dir, ".mcp.json"), "utf8"));
    const servers: unknown =
      typeof file === "object" && file !== null ? Reflect.get(file, "mcpServers") : null;
    return typeof servers === "object" && servers !== null ? Object.keys(servers) : [];
  } catch {
    // Whoever reads the file for its servers tells what is wrong with it.
    return [];
  }
}
