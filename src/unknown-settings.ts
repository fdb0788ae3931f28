// Names in the environment that look like a setting of Pawl and are none: a mistyped cap is no cap, so they are
// refused, with the name that was likely meant.

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
  const [best] = known
    .map((candidate) => ({ candidate, steps: stepsTo(bare(candidate), bare(name)) }))
    .toSorted((a, b) => a.steps - b.steps);
  const isNear = best !== undefined && best.steps <= Math.max(3, Math.floor(bare(name).length / 3));
  return isNear ? `; did you mean ${best.candidate}?` : "";
}

function bare(name: string): string {
  return name.replace(/^PAWL_/, "").replaceAll("_", "");
}

/** Whose beginning alone was written is near. */
function stepsTo(candidate: string, name: string): number {
  return name.length > 3 && candidate.startsWith(name) ? 1 : stepsBetween(name, candidate);
}

/** Letters to put in, take out or change (Levenshtein). */
function stepsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
