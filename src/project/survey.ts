// What a project has, for people: each agent and tool, where it comes from, and what is wrong.

import { AGENTS, type AgentDefinition } from "../../activities/agents.ts";
import { builtInTools } from "../../activities/tools/index.ts";
import type { Config } from "../config.ts";
import { namesMeant } from "../domain/name-pattern.ts";
import type { Permission } from "../domain/permission.ts";
import type { Effect, ToolSpec } from "../domain/tool.ts";
import { loadProject } from "./load-project.ts";
import type { Mistake } from "./mistake.ts";
import { surveyMcp } from "./survey-mcp.ts";
import { surroundingsOf } from "./surroundings.ts";

/** What comes with Pawl. */
const OURS = "pawl";

export interface SurveyedAgent {
  readonly name: string;
  /** A file of the project, or `pawl`. */
  readonly from: string;
  readonly description: string | null;
  /** A model or a tier; null where the operator's is asked. */
  readonly model: string | null;
  readonly permission: Permission | null;
  /** Those that there are now by the names and patterns that it lists. */
  readonly tools: readonly string[];
}

export interface SurveyedTool {
  readonly name: string;
  readonly from: string;
  readonly permission: Permission;
  readonly effect: Effect;
  readonly description: string;
  /** Agents that may call it. */
  readonly agents: readonly string[];
}

export interface Survey {
  /** Null where there is no project. */
  readonly dir: string | null;
  readonly agents: readonly SurveyedAgent[];
  readonly tools: readonly SurveyedTool[];
  readonly mistakes: readonly Mistake[];
}

const NOTHING = { agents: [], tools: [], mistakes: [] };

export async function surveyProject(
  config: Pick<Config, "models" | "project" | "proxy" | "timers">,
): Promise<Survey> {
  const { dir } = config.project;
  const [loaded, ofServers] = await Promise.all([
    dir === null ? NOTHING : loadProject(dir, surroundingsOf(config)),
    surveyMcp(config),
  ]);
  const specs = firstOfEach([
    ...loaded.tools.map(({ tool, file }) => ({ ...tool.spec, from: file })),
    ...builtInTools.map(({ spec }) => ({ ...spec, from: OURS })),
    ...ofServers.tools,
  ]);
  const known = specs.map(({ name }) => name);
  const agents = firstOfEach([
    ...loaded.agents.map(({ definition, file }) => agentOf(definition, file, known)),
    ...AGENTS.map((definition) => agentOf(definition, OURS, known)),
  ]);
  return {
    dir,
    agents,
    tools: specs.map((spec) => toolOf(spec, agents)),
    mistakes: [...loaded.mistakes, ...ofServers.mistakes],
  };
}

/** The project's stands in the place of Pawl's own. */
function firstOfEach<Item extends { readonly name: string }>(items: readonly Item[]): Item[] {
  return items.filter((item, at) => items.findIndex(({ name }) => name === item.name) === at);
}

function agentOf(
  { name, description, model, tier, permission, tools }: AgentDefinition,
  from: string,
  known: readonly string[],
): SurveyedAgent {
  return {
    name,
    from,
    description: description ?? null,
    model: model ?? tier ?? null,
    permission: permission ?? null,
    tools: namesMeant(tools, known),
  };
}

function toolOf(
  { name, from, permission, effect, description }: ToolSpec & { readonly from: string },
  agents: readonly SurveyedAgent[],
): SurveyedTool {
  const users = agents.filter(({ tools }) => tools.includes(name)).map((agent) => agent.name);
  return { name, from, permission, effect, description, agents: users };
}
