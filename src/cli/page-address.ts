// The address of the page with the token that lets its reader in. It stands in the fragment, which no browser
// sends anywhere; the page takes it out of the address at once. Whoever sees the address is let in as well, so
// it is shown to a person at a terminal and to who asks for it, never in JSON and in no log.

import type { Config } from "../config.ts";

/** `link` is the page, or a run on it. Unchanged where the page is not that of the local stack. */
export async function withLocalToken(
  link: string,
  { temporal, gateway, stack }: Pick<Config, "temporal" | "gateway" | "stack">,
): Promise<string> {
  if (temporal.address !== undefined || gateway.url !== undefined) return link;
  const { readLocalToken } = await import("../dev/local-token.ts");
  const token = readLocalToken(stack.dir);
  if (token === null) return link;
  const [page = link, route = "/"] = link.split("/#", 2);
  return `${page.replace(/\/$/, "")}/#t=${token}${route}`;
}
