// Tier `jail`, on Linux: a native interpreter behind the launcher's lock. It needs nothing but the kernel's Landlock
// and seccomp, works for root, for any user, and in a container with the usual filter. A program is one process: it
// can't make another, so there is none that could outlive it.

import { ARCHITECTURES, type Architecture } from "./syscall-table.ts";
import { tryToEscape } from "./escapes.ts";
import type { Identity } from "./launch-order.ts";
import { LAUNCHER, runNative, type Confinement } from "./native-program.ts";
import { nodeRuntime, pythonRuntimes, type Runtime } from "./runtimes.ts";
import type { CodeOutcome, CodeRun, Language, Probe, SandboxProvider } from "./sandbox.ts";

/** Those whose list of system calls was tried on a machine, and not only taken from the tables. */
const TRIED: readonly Architecture[] = ["x64"];

export function jailProvider(env: NodeJS.ProcessEnv): SandboxProvider {
  const isRoot = process.getuid?.() === 0;
  const identities: readonly Identity["kind"][] = isRoot ? ["apart", "same"] : ["same"];
  return nativeProvider("jail", {
    env,
    ways: (runtime) => identities.map((identity) => jailed(runtime, identity)),
    obstacle: () => null,
  });
}

function jailed(runtime: Runtime, identity: Identity["kind"]): Confinement {
  return {
    runtime,
    identity,
    isDirect: true,
    wrap: (order) => ({
      command: process.execPath,
      args: [LAUNCHER, JSON.stringify(order)],
      env: {},
      cwd: order.folder,
    }),
  };
}

interface NativeTier {
  readonly env: NodeJS.ProcessEnv;
  /** How a program of this runtime may be locked in, the best first. */
  ways(runtime: Runtime): readonly Confinement[];
  /** Why not to try at all. */
  obstacle(): string | null;
}

export function nativeProvider(tier: SandboxProvider["tier"], native: NativeTier): SandboxProvider {
  const held = new Map<Language, Confinement>();
  return {
    tier,
    probe: () => probeNative(native, held),
    async run(run: CodeRun): Promise<CodeOutcome> {
      const confinement = held.get(run.language);
      if (confinement === undefined) throw new Error(`${run.language} can't be run here`);
      return await runNative(confinement, run);
    },
  };
}

async function probeNative(native: NativeTier, held: Map<Language, Confinement>): Promise<Probe> {
  const obstacle = platformObstacle() ?? native.obstacle();
  if (obstacle !== null) return { kind: "fails", why: obstacle };
  const said: string[] = [];
  const failures: string[] = [];
  const candidates = [[nodeRuntime()], await pythonRuntimes(native.env)];
  for (const runtimes of candidates) {
    for (const confinement of bestFirst(runtimes.map((runtime) => native.ways(runtime)))) {
      const { runtime, identity } = confinement;
      const tried = await tryToEscape(runtime.language, (run) => runNative(confinement, run));
      if (tried.kind === "open") return { kind: "fails", why: `${runtime.name}: ${tried.why}` };
      if (tried.kind === "shut") {
        held.set(runtime.language, confinement);
        said.push(`${runtime.name}${identity === "apart" ? " under a user of its own" : ""}`);
        break;
      }
      failures.push(`${runtime.name}: ${tried.why}`);
    }
  }
  const languages = [...held.keys()];
  if (!languages.includes("javascript")) return { kind: "fails", why: failures.join("; ") };
  return { kind: "holds", languages, evidence: said.join(", ") };
}

/** Rather another Python than a weaker lock. */
function bestFirst(ways: readonly (readonly Confinement[])[]): readonly Confinement[] {
  const ranks = Math.max(0, ...ways.map(({ length }) => length));
  return Array.from({ length: ranks }, (_, rank) =>
    ways.flatMap((way) => way.slice(rank, rank + 1)),
  ).flat();
}

function platformObstacle(): string | null {
  if (process.platform !== "linux") return `needs Linux, and this is ${process.platform}`;
  const architecture = ARCHITECTURES.find((known) => known === process.arch);
  if (architecture === undefined) return `knows no system calls of ${process.arch}`;
  if (!TRIED.includes(architecture)) {
    return `its list of system calls for ${architecture} has not been tried on a machine yet`;
  }
  return null;
}
