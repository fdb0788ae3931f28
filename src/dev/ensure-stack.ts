// How a command gets its local stack: the one that runs, or a new one in the background, which
// outlives the command. Light to import: nothing of Temporal or Postgres is loaded here.

import { spawn } from "node:child_process";
import { closeSync, existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { PawlError } from "../domain/errors.ts";
import { packageFile } from "../package-root.ts";
import type { OnProgress } from "./on-progress.ts";
import { lastLines } from "./last-lines.ts";
import type { PartName } from "./part.ts";
import { endLeftovers } from "./leftovers.ts";
import { openForAppending } from "./private-file.ts";
import { lockHolder } from "./process-lock.ts";
import { endProcess } from "./process-mark.ts";
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
  readonly stateDir: string;
  readonly stackIdleMinutes: number;
  readonly env: NodeJS.ProcessEnv;
  /** For tests: a stack without some of its parts. */
  readonly parts?: readonly PartName[];
}

/** Silence this long during a start means that it hangs; a slow step reports progress. */
const SILENCE_MAX_MS = 90_000;
/** The worker may take its 30 s of grace, the servers some more. */
const STOP_TIMEOUT_MS = 50_000;
const POLL_MS = 50;

/** Throws PawlError BACKEND_UNREACHABLE with the reason the stack gave, CONFIG where the folder is not ours. */
export async function ensureStack(
  config: EnsureStackConfig,
  onProgress: OnProgress,
): Promise<StackState> {
  const stateDir = resolve(config.stateDir);
  openStateFolder(stateDir);
  const running = liveStack(stateDir);
  if (running !== undefined) {
    const changed = changedSettings(running.settings, settingsOf(config.env));
    if (changed.length === 0) {
      touchStack(stateDir);
      return running;
    }
    onProgress(`Restarting the local stack, since these changed: ${changed.join(", ")} …`);
    await stopStack(stateDir);
  }
  const said = new ProgressReader(stateFiles(stateDir).log);
  onProgress("Starting the local stack (Temporal, Postgres, model, worker) …");
  const supervisor = spawnSupervisor({ ...config, stateDir });
  return await untilReady(stateDir, supervisor, said, onProgress);
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

interface Supervisor {
  readonly hasEnded: () => boolean;
}

function spawnSupervisor(config: EnsureStackConfig): Supervisor {
  const entry = packageFile("dist/src/dev/main.js");
  if (!existsSync(entry)) {
    throw new PawlError("CONFIG", "Pawl is not built yet. Run: npm run build");
  }
  const args = ["--state-dir", config.stateDir, "--idle-minutes", String(config.stackIdleMinutes)];
  if (config.parts !== undefined) args.push("--parts", config.parts.join());
  const output = openForAppending(stateFiles(config.stateDir).log);
  const child = spawn(process.execPath, [entry, ...args], {
    detached: true,
    stdio: ["ignore", output, output],
    env: config.env,
  });
  closeSync(output);
  child.unref();
  let ended = false;
  child.once("exit", () => (ended = true));
  child.once("error", () => (ended = true));
  return { hasEnded: () => ended };
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
  const reason =
    said.failure() ?? `The local stack did not start. ${log} ends:\n${lastLines(log, 8)}`;
  throw new PawlError("BACKEND_UNREACHABLE", reason);
}

const LOG_LINE = z.object({ event: z.string(), message: z.string() });

/** Follows the supervisor's log from its present end. */
class ProgressReader {
  readonly #path: string;
  #readBytes: number;
  #failure: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#readBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Progress lines since the last call. */
  read(): readonly string[] {
    if (!existsSync(this.#path)) return [];
    const fresh = readFileSync(this.#path).subarray(this.#readBytes);
    const whole = fresh.subarray(0, fresh.lastIndexOf("\n") + 1);
    this.#readBytes += whole.length;
    const entries = whole.toString("utf8").split("\n").flatMap(parseLine);
    this.#failure =
      entries.findLast(({ event }) => event === "stack_failed")?.message ?? this.#failure;
    return entries.filter(({ event }) => event === "stack_progress").map(({ message }) => message);
  }

  failure(): string | undefined {
    this.read();
    return this.#failure;
  }
}

function parseLine(line: string): readonly z.output<typeof LOG_LINE>[] {
  try {
    const parsed = LOG_LINE.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
