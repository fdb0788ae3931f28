// What the parts do when their supervisor is gone (kill -9): one of them keeps watch over all of them,
// Temporal too. They stay for a run that is open and for as long as somebody may come back, as under a
// supervisor; but nobody starts again what dies, so where a needed part is gone they end at once. Runs
// are in the state folder, and go on with the next stack.
// A command that comes meanwhile starts a supervisor, which takes the folder's lock and ends them.

import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { packageFile } from "../package-root.ts";
import { localAccess } from "../temporal/access.ts";
import { lookEveryMs, untilIdle } from "./idle-watch.ts";
import { baseEnv } from "./part-env.ts";
import { lockHolder } from "./process-lock.ts";
import { livingChildren, stateFiles } from "./stack-state.ts";
import type { Will } from "./will.ts";

type Standing =
  /** Another part keeps watch, or somebody has the folder who will end us. */
  | "second"
  /** We keep watch, and all that a run needs lives. */
  | "keeping"
  /** We keep watch, and something is gone that nobody will start again. */
  | "broken"
  /** Nobody knows of us any more. */
  | "forgotten";

/** Until the process is told to end, by whoever decides it. */
export async function outlive(will: Will): Promise<void> {
  const ending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ending.abort());
  const { signal } = ending;
  while (!signal.aborted) {
    const why = await reasonToEnd(will, signal);
    if (why === "forgotten") process.kill(process.pid, "SIGTERM");
    else if (why !== undefined) endAll(will, why);
    // A life that has just been told to end still takes its time.
    await pause(lookEveryMs(will.idleMs), undefined, { signal }).catch(() => undefined);
  }
}

async function reasonToEnd(
  will: Will,
  signal: AbortSignal,
): Promise<"forgotten" | "part_gone" | "idle" | undefined> {
  switch (standing(will)) {
    case "forgotten":
      return "forgotten";
    case "broken":
      return "part_gone";
    case "second":
      return undefined;
    case "keeping": {
      const ended = await untilIdle({
        target: localAccess(will.temporalAddress, will.namespace),
        idleMs: will.idleMs,
        usedFile: stateFiles(will.stateDir).state,
        stillOurs: () => standing(will) === "keeping",
        signal,
      });
      return ended === "idle" ? "idle" : undefined;
    }
  }
}

function standing({ stateDir, needed }: Will): Standing {
  const living = livingChildren(stateDir);
  if (![...living.values()].some(({ pid }) => pid === process.pid)) return "forgotten";
  if (lockHolder(stateFiles(stateDir).lock) !== undefined) return "second";
  const [, first] = [...living].find(([name]) => name !== "temporal") ?? [];
  if (first?.pid !== process.pid) return "second";
  return needed.every((name) => living.has(name)) ? "keeping" : "broken";
}

/** By a process of its own: one that ends itself could not see to it that the others do. */
function endAll({ stateDir }: Will, why: string): void {
  const args = [packageFile("dist/src/dev/end-orphans-main.js"), "--state-dir", stateDir];
  spawn(process.execPath, [...args, "--why", why], {
    detached: true,
    stdio: "ignore",
    env: baseEnv(process.env),
  }).unref();
}
