// From a name to addresses, once for each request. Public names are asked of the name servers alone: the file of hosts
// and search lists know inner machines only, and the system's own lookup would hold one of the few threads that all
// files of a process are read with, for as long as a hostile server of names likes.

import { lookup, Resolver } from "node:dns/promises";

/** In the order in which they are tried. Rejects where there is none. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

const NO_ANSWER = /^(ENODATA|ENOTFOUND)$/;

/** `servers` where it is not those of the system. */
export function publicNames(servers?: readonly string[]): ResolveName {
  return async (host) => {
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    if (servers !== undefined) resolver.setServers([...servers]);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = [v4, v6].flatMap((answer) =>
      answer.status === "fulfilled" ? answer.value : [],
    );
    if (addresses.length > 0) return addresses;
    const failed = [v4, v6].find(
      (answer) => answer.status === "rejected" && !NO_ANSWER.test(codeOf(answer.reason)),
    );
    const code = failed?.status === "rejected" ? codeOf(failed.reason) : "ENOTFOUND";
    throw Object.assign(new Error(`the name ${host} can't be resolved (${code})`), { code });
  };
}

/** As every program of this machine finds it. */
export const systemNames: ResolveName = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
