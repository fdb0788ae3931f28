// What an operator should know of this worker's settings before a run meets it.

import type { ActivityDeps } from "../../activities/index.ts";
import { listTools } from "../../activities/tool-sources/tool-source.ts";
import { endingModels } from "../domain/model-end.ts";

/** Where only names are asked for. */
const ANY_RUN = { models: [], costCapMicroUsd: 0 };

export async function warnAtStart(deps: ActivityDeps): Promise<void> {
  await warnOfUnknownTools(deps);
  warnOfEndingModels(deps);
}

/** Another worker may have the tool; a slip of the pen would leave it to its permission. */
async function warnOfUnknownTools(deps: ActivityDeps): Promise<void> {
  const { config, telemetry, agents, toolSources } = deps;
  const named = Object.keys(config.tools.policy ?? {});
  if (named.length === 0) return;
  const lists = await Promise.all(
    agents.map((agent) => listTools(toolSources, { ...ANY_RUN, agent })),
  );
  const known = [...new Set(lists.flat().map(({ spec }) => spec.name))];
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) telemetry.emit({ event: "policy_unused", unknown, known });
}

function warnOfEndingModels({ config, telemetry, agents }: ActivityDeps): void {
  const { model = "", fallbackModels } = config.agent;
  const ofAgents = agents.flatMap(({ fallbacks }) => Object.values(fallbacks ?? {}).flat());
  const today = new Date().toISOString();
  for (const ending of endingModels([model, ...fallbackModels, ...ofAgents], today)) {
    telemetry.emit({ event: "model_ending", ...ending });
  }
}
