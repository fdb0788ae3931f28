// What an operator should know of this worker's settings before a run meets it: a slip that would make it do
// what was forbidden keeps it from starting.

import type { AgentDefinition } from "../../activities/agents.ts";
import type { ActivityDeps } from "../../activities/index.ts";
import { isKnownTool, listTools } from "../../activities/tool-sources/tool-source.ts";
import { PawlError } from "../domain/errors.ts";
import { endingModels } from "../domain/model-end.ts";

/** Where only names are asked for. */
const ANY_RUN = { tenant: "local", models: [], costCapMicroUsd: 0 };

/** `ownAgents`: of the program that is the worker. Throws PawlError CONFIG. */
export async function checkAtStart(
  deps: ActivityDeps,
  ownAgents: readonly AgentDefinition[] = [],
): Promise<void> {
  await refuseUnknownTools(deps);
  await refuseAgentsWithout(deps, ownAgents);
  await warnOfEndingModels(deps);
}

/** Of a tool that nobody has the agent would be silent, and so would be its runs. What a pattern means may come later. */
async function refuseAgentsWithout(
  { toolSources }: ActivityDeps,
  agents: readonly AgentDefinition[],
): Promise<void> {
  for (const agent of agents) {
    const specs = (await listTools(toolSources, { ...ANY_RUN, agent })).map(({ spec }) => spec);
    const known = specs.map(({ name }) => name);
    const unknown = agent.tools.filter(
      (name) => !name.includes("*") && !isKnownTool(toolSources, specs, name),
    );
    if (unknown.length === 0) continue;
    throw new PawlError(
      "CONFIG",
      `The agent ${agent.name} names ${unknown.join(", ")}, which no tool here is called. There are: ${known.join(", ")}.`,
      { next: "give the worker the tool, or mend the name" },
    );
  }
}

/** A tool that is misspelt would follow its permission, and not the rule that was meant for it. */
async function refuseUnknownTools(deps: ActivityDeps): Promise<void> {
  const { config, toolSources } = deps;
  const named = Object.keys(config.tools.policy ?? {});
  if (named.length === 0) return;
  const agents = await deps.agents.list();
  const lists = await Promise.all(
    agents.map((agent) => listTools(toolSources, { ...ANY_RUN, agent })),
  );
  const specs = lists.flat().map(({ spec }) => spec);
  const unknown = named.filter((name) => !isKnownTool(toolSources, specs, name));
  if (unknown.length === 0) return;
  const what = unknown.length === 1 ? "there is no such tool" : "there are no such tools";
  throw new PawlError(
    "CONFIG",
    `PAWL_TOOL_POLICY names ${unknown.join(", ")}, and ${what}. There are: ${[...new Set(specs.map(({ name }) => name))].join(", ")}.`,
  );
}

async function warnOfEndingModels({ config, telemetry, agents }: ActivityDeps): Promise<void> {
  const { model = "", fallbackModels } = config.agent;
  const ofAgents = (await agents.list()).flatMap(({ model: own = [], fallbacks = [] }) =>
    [own, Object.values(fallbacks)].flat(2),
  );
  const today = new Date().toISOString();
  for (const ending of endingModels(
    config.models.table,
    [model, ...fallbackModels, ...ofAgents],
    today,
  )) {
    telemetry.emit({ event: "model_ending", ...ending });
  }
}
