// Runs the local stack in this process: `pawl dev` in the foreground, else as the background
// process that `ensureStack` started. Everything it has to say is a line of `<state>/stack.log`.

import { join } from "node:path";
import { openTelemetry } from "../telemetry/telemetry.ts";
import type { Config } from "../config.ts";
import { lastWordsOf } from "../domain/last-words.ts";
import type { OnProgress } from "./on-progress.ts";
import type { PartName } from "./part.ts";
import { superviseStack } from "./stack.ts";
import { openStateFolder } from "./state-folder.ts";

export interface RunStackOptions {
  readonly stateDir: string;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** Somebody watches it: then it does not end for idleness. */
  readonly foreground: boolean;
  readonly onProgress: OnProgress;
  readonly onPage?: (url: string) => void;
  readonly parts?: readonly PartName[];
}

/** Resolves when the stack has ended, by a signal or idleness. */
export async function runStack(options: RunStackOptions): Promise<"ended" | "already_running"> {
  // For all parts as well: whatever they make is their owner's alone.
  process.umask(0o077);
  openStateFolder(options.stateDir);
  const telemetry = openTelemetry({
    level: "info",
    file: join(options.stateDir, "stack.log"),
  });
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const name of SIGNALS) process.on(name, end);
  try {
    return await superviseStack({
      ...options,
      telemetry,
      signal: ending.signal,
      onProgress: (line) => {
        telemetry.emit({ event: "stack_progress", pid: process.pid, message: line });
        options.onProgress(line);
      },
    });
  } catch (error) {
    const { code, message } = lastWordsOf(error);
    telemetry.emit({ event: "stack_failed", pid: process.pid, code, message });
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, end);
  }
}

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
