// What a process keeps when all of its garbage is collected, for whoever measures memory: what a heap has not yet
// given back is none that its work needs.

import { readFileSync } from "node:fs";

const COLLECTOR = new URL("./collect-garbage.js", import.meta.url).href;

/** The environment of a process that collects when it gets `COLLECT`. */
export const COLLECTING = { NODE_OPTIONS: `--import ${COLLECTOR}` };
export const COLLECT = "SIGWINCH";
/** By then it has. */
export const COLLECTED_AFTER_MS = 2000;

/** Throws where there is no such process. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
