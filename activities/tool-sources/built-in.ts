// The tools that every worker has. The provider searches the web itself where there is one; offline
// the bundled corpus must do.

import type { Config } from "../../src/config.ts";
import { builtInTools } from "../tools/index.ts";
import { anthropicWebSearch, searchesPerCall, webSearchTool } from "../tools/web-search.ts";
import { listedTools, type ToolSource } from "./tool-source.ts";

interface Settings {
  readonly provider: Pick<Config["provider"], "offline">;
  readonly tools: Pick<Config["tools"], "blockedDomains">;
}

export function builtInSource({ provider, tools }: Settings): ToolSource {
  const source = listedTools("built-in", builtInTools);
  if (provider.offline) return source;
  const { blockedDomains } = tools;
  return {
    ...source,
    async list(terms) {
      const maxUses = searchesPerCall(terms.costCapMicroUsd, terms.models);
      const onServer = maxUses > 0 ? anthropicWebSearch({ maxUses, blockedDomains }) : null;
      return (await source.list(terms)).map(({ spec }) =>
        spec.name === webSearchTool.spec.name ? { spec, onServer } : { spec },
      );
    },
  };
}
