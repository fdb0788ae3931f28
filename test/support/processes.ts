// Child processes of tests: started from the built code, ended by pid, awaited to the end.

import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

export interface Process {
  readonly pid: number;
  /** Lines of stdout and stderr so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that holds the text; rejects when the process ends before. */
  line(containing: string, withinMs?: number): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Process {
  const child = spawn(command, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const wake of waiting) wake();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    pid: pidOf(child),
    lines,
    ended,
    line: (containing, withinMs = 60_000) =>
      lineOf({ lines, waiting, ended, command }, containing, withinMs),
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    stop: async () => {
      child.kill("SIGTERM");
      return await ended;
    },
  };
}

interface Listening {
  readonly lines: readonly string[];
  readonly waiting: Set<() => void>;
  readonly ended: Promise<number | null>;
  readonly command: string;
}

function lineOf(process: Listening, containing: string, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = process.lines.find((line) => line.includes(containing));
      if (found !== undefined) settle(() => resolve(found));
    };
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      process.waiting.delete(look);
      act();
    };
    const gaveUp = (why: string): void =>
      settle(() =>
        reject(new Error(`${why} before "${containing}":\n${process.lines.join("\n")}`)),
      );
    const timer = setTimeout(() => gaveUp(`${process.command}: ${withinMs} ms passed`), withinMs);
    process.waiting.add(look);
    void process.ended.then((code) => gaveUp(`${process.command} ended with ${code}`));
    look();
  });
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  return child.pid;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

const LOOK_FIRST_MS = 10;
/** A look may be a request or two to a server that others wait for. */
const LOOK_EVERY_MAX_MS = 100;

/** Waits for a condition with a deadline: tests never sleep. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (let pauseMs = LOOK_FIRST_MS; ; pauseMs = Math.min(pauseMs * 1.3, LOOK_EVERY_MAX_MS)) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${withinMs} ms passed before: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
