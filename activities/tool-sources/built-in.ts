// The tools that every worker has. Where Anthropic's API is asked, it searches the web itself; other servers hand
// its search to the model as a function that nobody serves, so there our own tool searches. A model that calls the
// provider's tool as if it were ours is served by ours all the same (offered-tools.ts). Where files can't be written,
// no run is offered to write them.

import type { Config } from "../../src/config.ts";
import { isAnthropicApi } from "../../src/domain/provider.ts";
import { fileRootsIn, type FilesFolder } from "../files-folder.ts";
import { builtInTools, fileTools } from "../tools/index.ts";
import { withRoots } from "../tools/roots-in-spec.ts";
import { anthropicWebSearch, searchesPerCall, webSearchTool } from "../tools/web-search.ts";
import { listedTools, type ToolSource } from "./tool-source.ts";

interface Settings {
  readonly models: Config["models"];
  readonly provider: Pick<Config["provider"], "offline" | "baseUrl">;
  readonly tools: Pick<Config["tools"], "blockedDomains" | "webSearch">;
}

export function builtInSource(
  { models, provider, tools }: Settings,
  files: FilesFolder,
): ToolSource {
  const source = listedTools("built-in", builtInTools);
  const { blockedDomains, webSearch = searchedBy(provider) } = tools;
  return {
    ...source,
    async list(terms) {
      const maxUses =
        webSearch === "server"
          ? searchesPerCall(models.table, terms.costCapMicroUsd, terms.models)
          : 0;
      const onServer = maxUses > 0 ? anthropicWebSearch({ maxUses, blockedDomains }) : null;
      return (await source.list(terms)).map(({ spec }) => ({
        spec: fileTools.has(spec.name) ? withRoots(spec, fileRootsIn(files)) : spec,
        ...(spec.name === webSearchTool.spec.name && webSearch !== "own" ? { onServer } : {}),
        ...(fileTools.has(spec.name) && files.kind === "unusable" ? { isIdle: true } : {}),
      }));
    },
  };
}

function searchedBy({ offline, baseUrl }: Settings["provider"]): "own" | "server" {
  return offline || !isAnthropicApi(baseUrl) ? "own" : "server";
}
