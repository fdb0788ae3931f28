// Processor time of each process that takes part, as the system counts it: user and system, all threads.
// Of PostgreSQL all its processes together. Linux alone tells.

import { readdirSync, readFileSync } from "node:fs";

export const PARTS = ["worker", "temporal", "database", "client", "model"] as const;
export type PartOfTurn = (typeof PARTS)[number];
export type ProcessorMs = Readonly<Record<PartOfTurn, number>>;

/** Of all but the client, which is the process that measures. */
export type Pids = Readonly<Record<Exclude<PartOfTurn, "client">, number>>;

/** The kernel's USER_HZ, which is 100 wherever Node runs. */
const TICK_MS = 10;

export function readProcessor(pids: Pids): ProcessorMs {
  const { user, system } = process.cpuUsage();
  return {
    worker: treeMs(pids.worker),
    temporal: treeMs(pids.temporal),
    database: treeMs(pids.database),
    client: (user + system) / 1000,
    model: treeMs(pids.model),
  };
}

export function perTurn(before: ProcessorMs, after: ProcessorMs, turns: number): ProcessorMs {
  return mapped((part) => (after[part] - before[part]) / turns);
}

export function mapped(figure: (part: PartOfTurn) => number): ProcessorMs {
  return {
    worker: figure("worker"),
    temporal: figure("temporal"),
    database: figure("database"),
    client: figure("client"),
    model: figure("model"),
  };
}

export function sumOf(budget: ProcessorMs): number {
  return PARTS.reduce((sum, part) => sum + budget[part], 0);
}

/** Of a process, its children, and those of them that have ended. */
function treeMs(pid: number): number {
  const own = statOf(pid);
  if (own === null) return 0;
  const children = childrenOf(pid).reduce((sum, child) => sum + treeMs(child), 0);
  return (own.ticks + own.ticksOfDead) * TICK_MS + children;
}

export function ownMs(pid: number): number {
  return (statOf(pid)?.ticks ?? 0) * TICK_MS;
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  /** Of children that have ended. */
  readonly ticksOfDead: number;
}

function statOf(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user = 0, system = 0, ofDead = 0, systemOfDead = 0] = fields.slice(11, 15).map(Number);
    return { parent: Number(fields[1]), ticks: user + system, ticksOfDead: ofDead + systemOfDead };
  } catch {
    return null;
  }
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => statOf(each)?.parent === pid);
}
