// The models that the environment names: do they still serve, and for how long?

import type { Config } from "../config.ts";
import { endingModels, endingText } from "../domain/model-end.ts";
import { type Check, fail, ok, warn } from "./check.ts";

export function checkModels({ agent, models: { table } }: Config, today: Date): readonly Check[] {
  const named = [...(agent.model === undefined ? [] : [agent.model]), ...agent.fallbackModels];
  if (named.length === 0) return [];
  const ending = endingModels(table, named, today.toISOString());
  if (ending.length === 0) return [ok("models", `none of ${named.join(", ")} ends soon`)];
  const fix = "change PAWL_AGENT_MODEL, or PAWL_FALLBACK_MODELS";
  return ending.map((model) =>
    (model.daysLeft < 0 ? fail : warn)("models", endingText(model), fix),
  );
}
