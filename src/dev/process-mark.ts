// Tells a process from a later one that got the same pid: a pid alone would have us trust, or kill,
// a stranger. The mark is the moment the process started, as the system knows it.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface ProcessMark {
  readonly pid: number;
  readonly startMark: string;
}

/** The mark of a process that lives now; undefined where there is none (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | undefined {
  const startMark = existsSync("/proc/self/stat") ? markFromProc(pid) : markFromPs(pid);
  return startMark === undefined ? undefined : { pid, startMark };
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startMark === mark.startMark;
}

/** SIGTERM, then SIGKILL where it does not end within `graceMs`. Resolves when it is gone. */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  if (await signalAndWait(mark, "SIGTERM", graceMs)) return;
  await signalAndWait(mark, "SIGKILL", 5000);
}

async function signalAndWait(
  mark: ProcessMark,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  if (isAlive(mark)) sendSignal(mark.pid, signal);
  while (isAlive(mark)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; field 3 is the state. */
function markFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function markFromPs(pid: number): string | undefined {
  try {
    const found = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return found.trim() || undefined;
  } catch {
    return undefined;
  }
}
