// What runs wait for in vain: a queue that nobody polls, a build that is given new runs and that nobody serves, a
// build that open runs are pinned to and that is gone. Said in one sentence, with the command that helps. Pure.

import { DUTIES, servingCommand, unservedText, workOf, type Duty } from "./duty.ts";
import { buildsIn, isSameBuild, livingIn, unservedOf, type Build, type Fleet } from "./fleet.ts";

export interface Missing {
  /** `queue`: nobody polls it, and `next` is the command of a worker; `build`: nobody who may take the runs. */
  readonly kind: "queue" | "build";
  readonly what: string;
  readonly next: string;
}

/** A share of what is new, given to workers of which none lives. */
interface Gap {
  readonly duty: Duty;
  readonly wanted: Build | null;
  readonly percent: number;
  /** Those who do poll, and may not take it. */
  readonly others: readonly (Build | null)[];
}

/** Open runs that go on with this build alone. */
export interface Stranded {
  readonly build: Build;
  readonly runs: number;
  /** Of what they come to, what nobody of the build does. */
  readonly unserved: readonly Duty[];
}

/** What a new run comes to, and nobody takes who may. */
export function unservedIn(fleet: Fleet): readonly Duty[] {
  const gaps = gapsIn(fleet);
  return DUTIES.filter((duty) => gaps.some((gap) => gap.duty === duty));
}

/** Null where a run that is sent now finds all that it needs. */
export function missingFor(fleet: Fleet, namespace: string): Missing | null {
  const gaps = gapsIn(fleet);
  const [byBuild] = gaps.filter(isAboutBuilds);
  if (byBuild !== undefined) {
    const [what, next] = [gapText(byBuild, gaps), gapMended(byBuild, namespace)];
    return { kind: "build", what, next };
  }
  const unserved = gaps.map(({ duty }) => duty);
  const what = unservedText(unserved);
  return what === null ? null : { kind: "queue", what, next: servingCommand(unserved) };
}

function gapsIn(fleet: Fleet): readonly Gap[] {
  return DUTIES.flatMap((duty) => {
    const { current, ramping } = fleet[duty].routing;
    const ramped = ramping?.percent ?? 0;
    const living = livingIn(fleet[duty]);
    const shares = [
      { duty, wanted: current, percent: 100 - ramped },
      { duty, wanted: ramping?.build ?? null, percent: ramped },
    ];
    return shares
      .filter(({ percent }) => percent > 0)
      .filter(({ wanted }) => !living.some(({ build }) => isSameBuild(build, wanted)))
      .map((share) => ({ ...share, others: buildsIn(living) }));
  });
}

function isAboutBuilds({ wanted, others }: Gap): boolean {
  return wanted !== null || others.length > 0;
}

function gapText({ duty, wanted, percent, others }: Gap, gaps: readonly Gap[]): string {
  const work = workOf(duty);
  if (wanted === null && percent === 100) {
    return `no build is current, so nobody takes new ${work}: ${buildNames(others)} of them for nothing`;
  }
  const alike = gaps.filter((gap) => isSameBuild(gap.wanted, wanted)).map((gap) => gap.duty);
  const share = percent === 100 ? "new runs go" : `${percent} % of new runs go`;
  const whom = wanted === null ? "workers without a build" : `build ${wanted.buildId}`;
  return `${share} to ${whom}, ${whichNobodyServes(alike)}`;
}

function buildNames(builds: readonly (Build | null)[]): string {
  const names = builds.map((build) => (build === null ? "no build" : `build ${build.buildId}`));
  return `${names.join(" and ")} ${names.length === 1 ? "asks" : "ask"}`;
}

/** Where runs are not taken, nothing else of them is come to. */
function whichNobodyServes(unserved: readonly Duty[]): string {
  if (unserved.includes("core")) return "which no worker serves";
  return `of which ${unservedText(unserved) ?? "nothing is missing"}`;
}

function gapMended({ wanted, percent, others }: Gap, namespace: string): string {
  const [there = null] = others.filter((build) => build !== null);
  if (wanted === null && there !== null) return makeCurrentCommand(there, namespace);
  if (wanted === null) return "start a worker without a build: pawl worker";
  const start = `start one: ${startingCommand(wanted)}`;
  if (percent < 100) return `${start}, or end the ramp: ${endRampCommand(wanted, namespace)}`;
  if (others.length === 0) return start;
  const instead =
    there === null
      ? cli(
          ["set-current-version", "--deployment-name", wanted.deployment, "--unversioned"],
          namespace,
        )
      : makeCurrentCommand(there, namespace);
  return `${start}, or let another have them: ${instead}`;
}

/** "3 open runs are pinned to build 1, which no worker serves". Null where there are none. */
export function strandedText(stranded: readonly Stranded[]): string | null {
  if (stranded.length === 0) return null;
  const parts = stranded.map(({ build, runs, unserved }) => {
    const subject = runs === 1 ? "1 open run is" : `${runs} open runs are`;
    return `${subject} pinned to build ${build.buildId}, ${whichNobodyServes(unserved)}`;
  });
  return parts.join("; ");
}

export function strandedMended(stranded: readonly Stranded[]): string {
  const [first] = stranded;
  return first === undefined
    ? ""
    : `they wait, and lose nothing, until one of it is there: ${startingCommand(first.build)}`;
}

/** Why a run that is pinned to the build stands still; null where its build is served. */
export function pinnedText(build: Build, fleet: Fleet): string | null {
  const unserved = unservedOf(build, fleet);
  // A run may do without calls and tools for a while; without a worker that takes it, it can't.
  if (!unserved.includes("core")) return null;
  return `it is pinned to build ${build.buildId}, ${whichNobodyServes(unserved)}`;
}

export function startingCommand({ deployment, buildId }: Build): string {
  return `TEMPORAL_DEPLOYMENT_NAME=${quoted(deployment)} TEMPORAL_WORKER_BUILD_ID=${quoted(buildId)} pawl worker`;
}

/** After it, what is new goes to this build. */
export function makeCurrentCommand({ deployment, buildId }: Build, namespace: string): string {
  const named = ["--deployment-name", deployment, "--build-id", buildId];
  return cli(["set-current-version", ...named], namespace);
}

function endRampCommand({ deployment, buildId }: Build, namespace: string): string {
  const named = ["--deployment-name", deployment, "--build-id", buildId];
  return cli(["set-ramping-version", ...named, "--delete"], namespace);
}

function cli(words: readonly string[], namespace: string): string {
  const where = namespace === "default" ? [] : ["--namespace", namespace];
  const all = ["temporal", "worker", "deployment", ...words, ...where, "--yes"];
  return all.map(quoted).join(" ");
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w.,:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
