// The state of the page is its address: `#/?status=waiting`, `#/runs/<id>`, `#/approvals`.

export type Route =
  | { readonly kind: "list"; readonly filters: Filters }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "approvals" };

export interface Filters {
  readonly status: string;
  readonly outcome: string;
  readonly agent: string;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const run = /^\/runs\/([^/]+)$/.exec(path);
  if (run?.[1] !== undefined) return { kind: "run", runId: decoded(run[1]) };
  if (path === "/approvals") return { kind: "approvals" };
  const search = new URLSearchParams(query);
  const field = (name: string): string => search.get(name) ?? "";
  const filters = { status: field("status"), outcome: field("outcome"), agent: field("agent") };
  return { kind: "list", filters };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function runHref(runId: string): string {
  return `#/runs/${encodeURIComponent(runId)}`;
}

export function listHref(filters: Partial<Filters>): string {
  const query = queryOf(filters).toString();
  return query === "" ? "#/" : `#/?${query}`;
}

export function queryOf(filters: Partial<Filters>): URLSearchParams {
  return new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""));
}
