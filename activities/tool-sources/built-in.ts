// The tools that every worker has. The provider searches the web itself where there is one; offline
// the bundled corpus must do.

import type { Config } from "../../src/config.ts";
import { builtInTools } from "../tools/index.ts";
import { anthropicWebSearch, webSearchTool } from "../tools/web-search.ts";
import { listedTools, type ToolSource } from "./tool-source.ts";

/** Each holds its price and its allowance of tokens; a model that wants more searches calls again. */
const SEARCHES_PER_CALL = 3;

interface Settings {
  readonly provider: Pick<Config["provider"], "offline">;
  readonly tools: Pick<Config["tools"], "blockedDomains">;
}

export function builtInSource({ provider, tools }: Settings): ToolSource {
  const source = listedTools("built-in", builtInTools);
  if (provider.offline) return source;
  const { blockedDomains } = tools;
  const onServer = anthropicWebSearch({ maxUses: SEARCHES_PER_CALL, blockedDomains });
  return {
    ...source,
    list: async (agent) =>
      (await source.list(agent)).map(({ spec }) =>
        spec.name === webSearchTool.spec.name ? { spec, onServer } : { spec },
      ),
  };
}
