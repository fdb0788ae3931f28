// What an operator should know of this worker's settings before a run meets it: a slip that would make it do
// what was forbidden keeps it from starting.

import type { ActivityDeps } from "../../activities/index.ts";
import { isKnownTool, listTools } from "../../activities/tool-sources/tool-source.ts";
import { PawlError } from "../domain/errors.ts";
import { endingModels } from "../domain/model-end.ts";

/** Where only names are asked for. */
const ANY_RUN = { tenant: "local", models: [], costCapMicroUsd: 0 };

/** Throws PawlError CONFIG. */
export async function checkAtStart(deps: ActivityDeps): Promise<void> {
  await refuseUnknownTools(deps);
  await warnOfEndingModels(deps);
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
