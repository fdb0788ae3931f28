// What must not be seen, wherever it is looked for; and the processes that must live and stay as large as they are.

import { residentMb } from "../../bench/collected-memory.ts";
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

/** What a third of the time may add to the one before it, in megabytes that are kept when all garbage is collected. */
const GROWTH_MAX_MB = 15;
const GROWTH_MAX_SHARE = 0.03;

export function watchMemory(watched: readonly Watched[]): MemoryWatch {
  const samples = new Map(watched.map(({ name }) => [name, [] as number[]]));
  return {
    sample() {
      for (const { name, process } of watched) samples.get(name)?.push(keptMb(process.pid));
    },
    judge(complaints) {
      return Array.from(samples, ([name, all]) => {
        const third = Math.max(1, Math.floor(all.length / 3));
        const [before, after] = [median(all.slice(third, 2 * third)), median(all.slice(-third))];
        if (after > before * (1 + GROWTH_MAX_SHARE) + GROWTH_MAX_MB) {
          complaints.add(`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`);
        }
        const [first = 0] = all;
        const course = tenths(all).map((mb) => mb.toFixed(0));
        return `${name}: ${first.toFixed(0)} MB at first, ${before.toFixed(0)} in the middle, ${after.toFixed(0)} at last; by tenths: ${course.join(" ")}`;
      });
    },
  };
}

/** NaN of one that has ended. */
function keptMb(pid: number): number {
  try {
    return residentMb(pid);
  } catch {
    return Number.NaN;
  }
}

function tenths(values: readonly number[]): readonly number[] {
  const size = Math.max(1, Math.ceil(values.length / 10));
  const parts = Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
  return parts.map((part) => median(part));
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
