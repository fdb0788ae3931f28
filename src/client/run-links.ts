// Where people can look at a run: Temporal's Web UI, and the page of the gateway.

import type { Backend } from "./connect.ts";

/** Null where no address of a Web UI is known. */
export function linkTo({ uiUrl, namespace }: Backend, runId: string): string | null {
  if (uiUrl === null) return null;
  const base = uiUrl.replace(/\/+$/, "");
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(runId)}`;
}

export function pageLinkTo({ gatewayUrl }: Backend, runId: string): string | null {
  return gatewayUrl === null ? null : pageAddress(gatewayUrl, runId);
}

/** The list of runs, or one of them. */
export function pageAddress(gatewayUrl: string, runId?: string): string {
  const route = runId === undefined ? "/" : `/runs/${encodeURIComponent(runId)}`;
  return `${gatewayUrl.replace(/\/+$/, "")}/#${route}`;
}
