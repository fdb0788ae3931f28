// How a command gets its local stack: the one that runs, or a new one in the background, which
// outlives the command. Light to import: nothing of Temporal or Postgres is loaded here.
//
// K7. A command that reads or steers uses the stack as it runs, whatever its own settings are.
// K8. One that starts a run restarts a stack with other settings, but never under a run that is open: then it
//     is told what differs, and goes on with the stack as it is.
// K9. Of commands that start a stack at the same time one has its settings; the others are told.

import { spawn } from "node:child_process";
import { closeSync, existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../config.ts";
import { PawlError } from "../domain/errors.ts";
import { packageFile } from "../package-root.ts";
import type { OnProgress } from "./on-progress.ts";
import type { PartName } from "./part.ts";
import { endLeftovers } from "./leftovers.ts";
import { openForAppending } from "./private-file.ts";
import { lockHolder } from "./process-lock.ts";
import { endProcess } from "./process-mark.ts";
import { ProgressReader } from "./progress-reader.ts";
import { differenceText, restartText } from "./stack-difference.ts";
import {
  changedSettings,
  liveStack,
  settingsOf,
  type StackState,
  stateFiles,
  touchStack,
} from "./stack-state.ts";
import { openStateFolder, trustStateFolder } from "./state-folder.ts";

export interface EnsureStackConfig {
  readonly config: Config;
  /** What the stack inherits; read it in `config`. */
  readonly env: NodeJS.ProcessEnv;
  /** What for: who reads or steers takes the stack as it is. */
  readonly to: StackPurpose;
  /** For tests: a stack without some of its parts. */
  readonly parts?: readonly PartName[];
}

export type StackPurpose = "use" | "start a run";

/** Silence this long during a start means that it hangs; a slow step reports progress. */
const SILENCE_MAX_MS = 90_000;
/** The worker may take its 30 s of grace, the servers some more. */
const STOP_TIMEOUT_MS = 50_000;
const POLL_MS = 50;
/** From the look of a command at the stack until its run is seen in it. */
const UNSEEN_MS = 2000;

/** Throws PawlError with the reason that the stack gave, CONFIG where the folder is not ours. */
export async function ensureStack(
  wanted: EnsureStackConfig,
  onProgress: OnProgress,
): Promise<StackState> {
  const stateDir = resolve(wanted.config.stack.dir);
  openStateFolder(stateDir);
  const running = liveStack(stateDir);
  if (running !== undefined && (await isKept(running, wanted, onProgress))) {
    touchStack(stateDir);
    return running;
  }
  if (running !== undefined) await stopStack(stateDir);
  const said = new ProgressReader(stateFiles(stateDir).log);
  onProgress("Starting the local stack (Temporal, Postgres, model, worker) …");
  const supervisor = spawnSupervisor(stateDir, wanted);
  const state = await untilReady(stateDir, supervisor, said, onProgress);
  const changed = state.pid === supervisor.pid ? [] : differences(state, wanted);
  if (changed.length > 0 && wanted.to === "start a run") {
    onProgress(
      differenceText(state, wanted.config, { changed, why: "another command started it" }),
    );
  }
  return state;
}

/** Ends the stack of this folder and whatever an earlier one left behind. Throws PawlError CONFIG as above. */
export async function stopStack(dir: string): Promise<"stopped" | "not_running"> {
  const stateDir = resolve(dir);
  if (!trustStateFolder(stateDir)) return "not_running";
  const holder = lockHolder(stateFiles(stateDir).lock);
  if (holder !== undefined) await endProcess(holder, STOP_TIMEOUT_MS);
  const leftSome = await endLeftovers(stateDir);
  return holder === undefined && !leftSome ? "not_running" : "stopped";
}

function differences(state: StackState, { config }: EnsureStackConfig): readonly string[] {
  return changedSettings(state.settings, settingsOf(config, resolve(config.stack.dir)));
}

/** A Temporal that does not answer may have runs that are open. */
async function isKept(
  running: StackState,
  wanted: EnsureStackConfig,
  onProgress: OnProgress,
): Promise<boolean> {
  const changed = wanted.to === "use" ? [] : differences(running, wanted);
  if (changed.length === 0) return true;
  const { countOpenRuns } = await import("./temporal-client.ts");
  const { localAccess } = await import("../temporal/access.ts");
  const target = localAccess(running.temporalAddress, running.namespace);
  await sinceLastUse(stateFiles(resolve(wanted.config.stack.dir)).state);
  const open = await countOpenRuns(target).catch(() => null);
  if (open === 0) {
    onProgress(restartText(changed));
    return false;
  }
  const why = open === null ? "its Temporal does not answer" : openText(open);
  onProgress(differenceText(running, wanted.config, { changed, why }));
  return true;
}

/** Another command may have found the stack a moment ago, and its run is not seen there yet. */
async function sinceLastUse(stateFile: string): Promise<void> {
  const usedAtMs = statSync(stateFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  await pause(Math.max(0, usedAtMs + UNSEEN_MS - Date.now()));
}

function openText(open: number): string {
  return open === 1 ? "a run is open in it" : `${open} runs are open in it`;
}

interface Supervisor {
  readonly pid: number | undefined;
  readonly hasEnded: () => boolean;
}

function spawnSupervisor(stateDir: string, { env, parts }: EnsureStackConfig): Supervisor {
  const entry = packageFile("dist/src/dev/main.js");
  if (!existsSync(entry)) {
    throw new PawlError("CONFIG", "Pawl is not built yet. Run: npm run build");
  }
  const args = ["--state-dir", stateDir];
  if (parts !== undefined) args.push("--parts", parts.join());
  const output = openForAppending(stateFiles(stateDir).log);
  const child = spawn(process.execPath, [entry, ...args], {
    detached: true,
    stdio: ["ignore", output, output],
    env,
  });
  closeSync(output);
  child.unref();
  let ended = false;
  child.once("exit", () => (ended = true));
  child.once("error", () => (ended = true));
  return { pid: child.pid, hasEnded: () => ended };
}

/** Of several supervisors started at once only one stays: whichever it is, its stack is ours too. */
async function untilReady(
  stateDir: string,
  supervisor: Supervisor,
  said: ProgressReader,
  onProgress: OnProgress,
): Promise<StackState> {
  const { lock, log } = stateFiles(stateDir);
  let lastSignAt = Date.now();
  for (;;) {
    for (const line of said.read()) {
      lastSignAt = Date.now();
      onProgress(line);
    }
    const state = liveStack(stateDir);
    if (state !== undefined) return state;
    const ended = supervisor.hasEnded() && lockHolder(lock) === undefined;
    if (ended && liveStack(stateDir) === undefined) break;
    if (Date.now() - lastSignAt > SILENCE_MAX_MS) break;
    await pause(POLL_MS);
  }
  throw said.failure() ?? new PawlError("BACKEND_UNREACHABLE", said.lastWords(log));
}
