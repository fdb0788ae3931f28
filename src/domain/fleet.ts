// Who polls Temporal's queues: by the build they were started as, and by when they were last heard of. Temporal
// hands a run to the workers of one build alone, so that a worker counts for those runs which it may take. Pure.

import { DUTIES, type Duty } from "./duty.ts";

/** A version of a worker deployment, in Temporal's words. */
export interface Build {
  readonly deployment: string;
  readonly buildId: string;
}

export interface Poller {
  /** The SDK calls a worker pid@host. */
  readonly identity: string;
  /** Null of a worker that was started without one. */
  readonly build: Build | null;
  readonly unseenForMs: number;
  readonly lives: boolean;
}

/** Which build is given what is new; null: workers without one. */
export interface Routing {
  readonly current: Build | null;
  readonly ramping: { readonly build: Build | null; readonly percent: number } | null;
}

export interface QueueSeen {
  readonly pollers: readonly Poller[];
  readonly routing: Routing;
  /** Tasks that no worker has taken yet; about right, as Temporal counts them. */
  readonly backlog: number;
}

export type Fleet = Readonly<Record<Duty, QueueSeen>>;

export function isSameBuild(a: Build | null, b: Build | null): boolean {
  return a?.deployment === b?.deployment && a?.buildId === b?.buildId;
}

export function livingIn({ pollers }: QueueSeen): readonly Poller[] {
  return pollers.filter(({ lives }) => lives);
}

/** Of a run that is pinned to it: what nobody takes who may. */
export function unservedOf(build: Build, fleet: Fleet): readonly Duty[] {
  return DUTIES.filter((duty) => {
    const living = livingIn(fleet[duty]);
    return !living.some((poller) =>
      // A queue that is not of the run's deployment is served by whoever polls it.
      duty !== "core" && poller.build?.deployment !== build.deployment
        ? true
        : isSameBuild(poller.build, build),
    );
  });
}

/** The builds that are polled for, each once. */
export function buildsIn(pollers: readonly Poller[]): readonly (Build | null)[] {
  const builds: (Build | null)[] = [];
  for (const { build } of pollers) {
    if (!builds.some((known) => isSameBuild(known, build))) builds.push(build);
  }
  return builds;
}

/** "2 of build 2 (current), 1 of build 1; 1 more not seen for 40 s"; `named` says who they are as well. */
export function fleetText(fleet: Fleet, named: "named" | "counted"): string {
  const all = processesIn(fleet);
  const living = all.filter(({ lives }) => lives);
  const groups = buildsIn(living).map((build) => {
    const members = living.filter((poller) => isSameBuild(poller.build, build));
    const names =
      named === "named" ? `: ${members.map(({ identity }) => identity).join(", ")}` : "";
    return `${members.length}${standingText(build, fleet.core.routing)}${names}`;
  });
  const gone = all.filter(({ lives }) => !lives);
  return [groups.join("; ") || "0", ...(gone.length === 0 ? [] : [goneText(gone)])].join("; ");
}

function standingText(build: Build | null, { current, ramping }: Routing): string {
  if (build === null) return current === null ? "" : " without a build";
  if (isSameBuild(build, current)) return ` of build ${build.buildId} (current)`;
  const isRamping = ramping !== null && isSameBuild(build, ramping.build);
  return ` of build ${build.buildId}${isRamping ? ` (${ramping.percent} % of new runs)` : ""}`;
}

function goneText(gone: readonly Poller[]): string {
  const seconds = Math.floor(Math.min(...gone.map(({ unseenForMs }) => unseenForMs)) / 1000);
  return `${gone.length} more not seen for ${seconds} s${gone.length > 1 ? " or longer" : ""}`;
}

/** A process may poll several queues, and is as alive as its liveliest poll. */
function processesIn(fleet: Fleet): readonly Poller[] {
  const known = new Map<string, Poller>();
  for (const poller of DUTIES.flatMap((duty) => fleet[duty].pollers)) {
    const key = `${poller.identity} ${poller.build?.deployment} ${poller.build?.buildId}`;
    const before = known.get(key);
    if (before === undefined || poller.unseenForMs < before.unseenForMs) {
      known.set(key, { ...poller, lives: poller.lives || before?.lives === true });
    } else if (poller.lives && !before.lives) known.set(key, { ...before, lives: true });
  }
  return [...known.values()];
}
