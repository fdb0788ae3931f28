// What a process of Linux and those below it hold right now. Null where that can't be read: then the limits that the
// kernel keeps are all there is.

import { readdirSync, readFileSync } from "node:fs";

export interface ProcessUsage {
  readonly memoryBytes: number;
  readonly threads: number;
}

const KIB = 1024;
/** Deeper than a lock within a lock. */
const DEPTH_MAX = 4;

export function usageOf(pid: number): ProcessUsage | null {
  const own = statusOf(pid);
  if (own === null) return null;
  return childrenOf(pid, DEPTH_MAX).reduce((sum, child) => {
    const { memoryBytes, threads } = statusOf(child) ?? { memoryBytes: 0, threads: 0 };
    return { memoryBytes: sum.memoryBytes + memoryBytes, threads: sum.threads + threads };
  }, own);
}

/** Of this user's processes all over the machine, as far as they can be seen: what the kernel counts against a limit. */
export function threadsOfUser(uid: number): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const statuses = pids.map((pid) => readOrNull(`/proc/${pid}/status`) ?? "");
  const own = statuses.filter((status) => new RegExp(`^Uid:\\s+${uid}\\s`, "m").test(status));
  return own.reduce((sum, status) => sum + numberIn(status, "Threads"), 0);
}

function statusOf(pid: number): ProcessUsage | null {
  const status = readOrNull(`/proc/${pid}/status`);
  if (status === null) return null;
  return { memoryBytes: numberIn(status, "VmRSS") * KIB, threads: numberIn(status, "Threads") };
}

function numberIn(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
}

function childrenOf(pid: number, depth: number): readonly number[] {
  if (depth === 0) return [];
  const list = readOrNull(`/proc/${pid}/task/${pid}/children`) ?? "";
  const children = list.split(" ").filter((word) => word !== "");
  return children.map(Number).flatMap((child) => [child, ...childrenOf(child, depth - 1)]);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
