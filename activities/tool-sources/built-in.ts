// The tools that every worker has. The provider searches the web itself where there is one; offline
// the bundled corpus must do. Where files can't be written, no run is offered to write them.

import type { Config } from "../../src/config.ts";
import type { FilesFolder } from "../files-folder.ts";
import { builtInTools, fileTools } from "../tools/index.ts";
import { anthropicWebSearch, searchesPerCall, webSearchTool } from "../tools/web-search.ts";
import { listedTools, type ToolSource } from "./tool-source.ts";

interface Settings {
  readonly provider: Pick<Config["provider"], "offline">;
  readonly tools: Pick<Config["tools"], "blockedDomains">;
}

export function builtInSource({ provider, tools }: Settings, files: FilesFolder): ToolSource {
  const source = listedTools("built-in", builtInTools);
  const { blockedDomains } = tools;
  return {
    ...source,
    async list(terms) {
      const maxUses = provider.offline ? 0 : searchesPerCall(terms.costCapMicroUsd, terms.models);
      const onServer = maxUses > 0 ? anthropicWebSearch({ maxUses, blockedDomains }) : null;
      return (await source.list(terms)).map(({ spec }) => ({
        spec,
        ...(spec.name === webSearchTool.spec.name && !provider.offline ? { onServer } : {}),
        ...(fileTools.has(spec.name) && files.kind === "unusable" ? { isIdle: true } : {}),
      }));
    },
  };
}
