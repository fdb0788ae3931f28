// Names in the environment that look like a setting of Pawl and are none: a mistyped cap is no cap, so they are
// refused, with the name that was likely meant.

import { nearestWord } from "./domain/nearest-word.ts";

/** Ours, and no settings: faults for tests, what the tests and measurements are told, a key for curl. */
const NO_SETTINGS = /^PAWL_(FAILPOINT|KEY|LONG_TURNS|(TEST|BENCH|CHAOS)_.*)$/;

/** Kubernetes tells every container of each service in its namespace, and one may be called `pawl` or `pawl-x`. */
const OF_SERVICES =
  /^PAWL_([A-Z0-9]+_)*(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const LINK = /^(tcp|udp|sctp):\/\//;

/** One sentence for each. An empty variable counts as not set, whatever it is called. */
export function unknownSettings(
  env: NodeJS.ProcessEnv,
  known: readonly string[],
): readonly string[] {
  const isKnown = new Set(known);
  return Object.keys(env)
    .filter((name) => name.startsWith("PAWL_") && env[name] !== "")
    .filter((name) => !isKnown.has(name) && !NO_SETTINGS.test(name))
    .filter((name) => !OF_SERVICES.test(name) && !LINK.test(env[name] ?? ""))
    .toSorted()
    .map((name) => `${name}: there is no such setting${likely(name, known)}`);
}

function likely(name: string, known: readonly string[]): string {
  const byBare = new Map(known.map((candidate) => [bare(candidate), candidate]));
  const nearest = nearestWord(bare(name), [...byBare.keys()], Math.max(3, bare(name).length / 3));
  const meant = nearest === null ? undefined : byBare.get(nearest);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function bare(name: string): string {
  return name.replace(/^PAWL_/, "").replaceAll("_", "");
}
