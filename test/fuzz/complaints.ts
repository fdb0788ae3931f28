// What must not be seen, wherever it is looked for; and the processes that must live and stay as large as they are.

import { readFileSync } from "node:fs";
import type { Process } from "../support/processes.ts";

export interface Complaints {
  add(what: string): void;
  /** Of a text that somebody outside was shown, or a log has. */
  look(where: string, text: string): void;
  /** Each once, with how often. */
  list(): readonly string[];
}

/** A line of a stack trace, and what Node says of what nobody caught. */
const STACK = /\n\s+at .+[:(]\d+:\d+|UnhandledPromiseRejection|Cannot read properties of/;
const KINDS_MAX = 200;

export function openComplaints(): Complaints {
  const counts = new Map<string, number>();
  const add = (what: string): void => {
    if (counts.size < KINDS_MAX || counts.has(what)) counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  return {
    add,
    look(where, text) {
      if (STACK.test(text)) add(`${where}: a stack trace: ${text.slice(0, 400)}`);
    },
    list: () => Array.from(counts, ([what, times]) => `${times} × ${what}`),
  };
}

export interface Watched {
  readonly name: string;
  readonly process: Process;
}

export interface MemoryWatch {
  sample(): void;
  /** First and last third, by their medians. */
  judge(complaints: Complaints): readonly string[];
}

/** Beyond what a third of the time shows, so much may come. */
const GROWTH_MAX_MB = 60;

export function watchMemory(watched: readonly Watched[]): MemoryWatch {
  const samples = new Map(watched.map(({ name }) => [name, [] as number[]]));
  return {
    sample() {
      for (const { name, process } of watched) samples.get(name)?.push(residentMb(process.pid));
    },
    judge(complaints) {
      return Array.from(samples, ([name, all]) => {
        const third = Math.max(1, Math.floor(all.length / 3));
        const [before, after] = [median(all.slice(third, 2 * third)), median(all.slice(-third))];
        if (after > before * 1.25 + GROWTH_MAX_MB) {
          complaints.add(`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`);
        }
        const [first = 0] = all;
        return `${name}: ${first.toFixed(0)} MB at first, ${before.toFixed(0)} in the middle, ${after.toFixed(0)} at last`;
      });
    },
  };
}

function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
