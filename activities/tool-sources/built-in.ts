// The tools that every worker has. Where Anthropic's API is asked, it searches the web itself; other servers hand
// its search to the model as a function that nobody serves, so there our own tool searches. A model that calls the
// provider's tool as if it were ours is served by ours all the same (offered-tools.ts). Where files can't be written,
// no run is offered to write them; where no server is declared, none is offered to ask one.

import type { Config } from "../../src/config.ts";
import { PawlError } from "../../src/domain/errors.ts";
import { isAnthropicApi } from "../../src/domain/provider.ts";
import type { ServerTool } from "../../src/domain/tool.ts";
import { domainsIn, NO_DOMAINS } from "../../src/outbound/domains.ts";
import { fileRootsIn, type FilesFolder } from "../files-folder.ts";
import { HTTP_REQUEST } from "../tools/http-request.ts";
import { builtInTools, fileTools } from "../tools/index.ts";
import { withRoots } from "../tools/roots-in-spec.ts";
import { anthropicWebSearch, searchesPerCall, WEB_SEARCH } from "../tools/web-search.ts";
import { listedTools, type RunTerms, type SourcedTool, type ToolSource } from "./tool-source.ts";
import { webTools, type WebSettings } from "./web-tools.ts";

interface Settings extends WebSettings {
  readonly models: Config["models"];
  readonly provider: Pick<Config["provider"], "offline" | "baseUrl">;
  readonly tools: WebSettings["tools"] & Pick<Config["tools"], "webSearch">;
}

export function builtInSource(settings: Settings, files: FilesFolder): ToolSource {
  const ofTheWeb = webTools(settings);
  if (searcherOf(settings) === "server") checkSearched(settings.tools);
  const others = builtInTools.filter(({ spec }) => spec.name !== WEB_SEARCH);
  const source = listedTools("built-in", [...others, ...ofTheWeb]);
  const isIdle = (name: string): boolean =>
    (fileTools.has(name) && files.kind === "unusable") ||
    (name === HTTP_REQUEST && settings.tools.allowedDomains === undefined);
  return {
    ...source,
    list: async (terms) =>
      (await source.list(terms)).map(({ spec }): SourcedTool => ({
        spec: fileTools.has(spec.name) ? withRoots(spec, fileRootsIn(files)) : spec,
        ...(spec.name === WEB_SEARCH ? searchedOnServer(settings, terms) : {}),
        ...(isIdle(spec.name) ? { isIdle: true } : {}),
      })),
  };
}

function searchedOnServer(
  { models, provider, tools }: Settings,
  { costCapMicroUsd, models: asked }: RunTerms,
): { readonly onServer?: ServerTool | null } {
  const by = searcherOf({ provider, tools });
  if (by === "own") return {};
  const maxUses = by === "server" ? searchesPerCall(models.table, costCapMicroUsd, asked) : 0;
  return {
    onServer: maxUses > 0 ? anthropicWebSearch({ maxUses, ...searchedDomains(tools) }) : null,
  };
}

/** Better now than with the first run. */
function checkSearched(tools: Settings["tools"]): void {
  try {
    anthropicWebSearch({ maxUses: 1, ...searchedDomains(tools) });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PawlError("CONFIG", `PAWL_ALLOWED_DOMAINS and PAWL_BLOCKED_DOMAINS: ${why}`, {
      cause,
    });
  }
}

/** As the provider takes them: without the servers that are named with a port. */
function searchedDomains({ blockedDomains, allowedDomains }: Settings["tools"]) {
  const hosts = (entries: readonly string[]): readonly string[] => {
    const { domains, origins } = domainsIn(entries) ?? NO_DOMAINS;
    return [...domains, ...origins.map((origin) => new URL(origin).hostname)];
  };
  return {
    blockedDomains: hosts(blockedDomains),
    ...(allowedDomains === undefined ? {} : { allowedDomains: hosts(allowedDomains) }),
  };
}

/** Who chose a service means it to be asked. */
function searcherOf({
  provider: { offline, baseUrl },
  tools: { search, webSearch },
}: Pick<Settings, "provider" | "tools">): "own" | "server" | "off" {
  if (webSearch !== undefined) return webSearch;
  if (search !== undefined) return "own";
  return offline || !isAnthropicApi(baseUrl) ? "own" : "server";
}
