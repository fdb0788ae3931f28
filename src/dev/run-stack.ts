// Runs the local stack in this process: `pawl dev` in the foreground, else as the background
// process that `ensureStack` started. Everything it has to say is a line of `<state>/stack.log`.

import { join } from "node:path";
import { createLog } from "../log.ts";
import type { Progress } from "./find-temporal.ts";
import type { PartName } from "./part.ts";
import { superviseStack } from "./stack.ts";

export interface RunStackOptions {
  readonly stateDir: string;
  readonly stackIdleMinutes: number;
  readonly env: NodeJS.ProcessEnv;
  /** In the foreground the stack does not end for idleness: somebody is watching it. */
  readonly foreground: boolean;
  readonly onProgress: Progress;
  readonly parts?: readonly PartName[];
}

export const STACK_PROGRESS = "stack_progress";
export const STACK_FAILED = "stack_failed";

/** Resolves when the stack has ended, by a signal or idleness. */
export async function runStack(options: RunStackOptions): Promise<"ended" | "already_running"> {
  const log = createLog({
    level: "info",
    file: join(options.stateDir, "stack.log"),
  });
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const name of SIGNALS) process.on(name, end);
  try {
    return await superviseStack({
      ...options,
      stackIdleMinutes: options.foreground ? Infinity : options.stackIdleMinutes,
      log,
      signal: ending.signal,
      onProgress: (line) => {
        log.info({ event: STACK_PROGRESS, pid: process.pid }, line);
        options.onProgress(line);
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error({ event: STACK_FAILED, pid: process.pid }, message);
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, end);
  }
}

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
