// A child process that nothing it does keeps from ending: it is killed, with its whole group, when its time is over
// and as soon as it is seen to hold more than it may. What the kernel refuses by itself (launch-main.ts) need not be
// seen; what is only counted here is bounded by how fast a program is within one look.

import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { LAUNCHER_FD } from "./launch-order.ts";
import type { CodeLimits, Killer } from "./sandbox.ts";
import { usageOf } from "./process-usage.ts";

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface ChildWatch {
  readonly limits: CodeLimits;
  readonly signal: AbortSignal;
  /** Why the folder is too full; null where it isn't. */
  readonly lookAtFolder: () => Promise<Killer | null>;
}

export interface ChildEnd {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly killedBy: Killer | null;
  /** What the launcher said instead of becoming the program; "" where it did become it. */
  readonly launcherSaid: string;
}

const LOOK_EVERY_MS = 20;
const FOLDER_EVERY_MS = 60;
const LAUNCHER_SAYS_BYTES_MAX = 4096;
const MIB = 1024 * 1024;

export async function watchedChild(command: ChildCommand, watch: ChildWatch): Promise<ChildEnd> {
  watch.signal.throwIfAborted();
  const child = spawn(command.command, command.args, {
    cwd: command.cwd,
    env: command.env,
    // A session and a group of its own: a terminal's signals don't reach it, and one kill reaches all of it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const guard = new Guard(child, watch);
  try {
    return await guard.end();
  } finally {
    guard.stop();
  }
}

class Guard {
  readonly #child: ChildProcess;
  readonly #watch: ChildWatch;
  readonly #timers: NodeJS.Timeout[] = [];
  #killedBy: Killer | null = null;
  #outputLeft: number;
  readonly #stop = (): void => this.#kill();

  constructor(child: ChildProcess, watch: ChildWatch) {
    this.#child = child;
    this.#watch = watch;
    this.#outputLeft = watch.limits.outputBytes;
  }

  async end(): Promise<ChildEnd> {
    const { limits, signal } = this.#watch;
    const ended = ending(this.#child);
    const outputs = [this.#read(1), this.#read(2), this.#launcherSays()] as const;
    signal.addEventListener("abort", this.#stop, { once: true });
    const late = { kind: "time", what: `it ran longer than ${limits.wallMs / 1000} s` } as const;
    this.#timers.push(setTimeout(() => this.#kill(late), limits.wallMs));
    this.#timers.push(setInterval(() => this.#look(), LOOK_EVERY_MS));
    void this.#lookAtFolder();
    const { exitCode, signal: endedBy } = await ended;
    const [stdout, stderr, launcherSaid] = await Promise.all(outputs);
    signal.throwIfAborted();
    const killedBy = this.#killedBy;
    return {
      ...{ stdout, stderr, exitCode, signal: endedBy, killedBy },
      launcherSaid: launcherSaid.toString("utf8"),
    };
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#watch.signal.removeEventListener("abort", this.#stop);
    this.#kill();
  }

  /** The first reason counts. */
  #kill(why: Killer | null = null): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#killedBy ??= why;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has just ended; or, before it has a group, it is reached as a process.
      this.#child.kill("SIGKILL");
    }
  }

  #look(): void {
    const { pid } = this.#child;
    const usage = pid === undefined ? null : usageOf(pid);
    if (usage === null) return;
    const { memoryBytes, threads } = this.#watch.limits;
    if (usage.memoryBytes > memoryBytes) {
      this.#kill({ kind: "memory", what: `it used more than ${memoryBytes / MIB} MiB of memory` });
    } else if (usage.threads > threads) {
      this.#kill({ kind: "threads", what: `it had more than ${threads} threads` });
    }
  }

  /** One look after the other, however long it takes. */
  async #lookAtFolder(): Promise<void> {
    const full = await this.#watch.lookAtFolder().catch(() => null);
    if (full !== null) this.#kill(full);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#timers.push(setTimeout(() => void this.#lookAtFolder(), FOLDER_EVERY_MS));
  }

  async #read(fd: 1 | 2): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const { outputBytes } = this.#watch.limits;
    for await (const piece of this.#stream(fd)) {
      if (this.#outputLeft > 0) pieces.push(piece.subarray(0, this.#outputLeft));
      this.#outputLeft -= piece.length;
      if (this.#outputLeft < 0) {
        this.#kill({ kind: "output", what: `it wrote more than ${outputBytes / MIB} MiB` });
      }
    }
    return Buffer.concat(pieces);
  }

  async #launcherSays(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let left = LAUNCHER_SAYS_BYTES_MAX;
    for await (const piece of this.#stream(LAUNCHER_FD)) {
      if (left > 0) pieces.push(piece.subarray(0, left));
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** A stream that breaks off has ended. */
  async *#stream(fd: number): AsyncGenerator<Buffer> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as stdio was asked for
    const stream = this.#child.stdio[fd] as Readable | null | undefined;
    try {
      for await (const piece of stream ?? []) yield Buffer.from(piece);
    } catch {
      // What came counts.
    }
  }
}

interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function ending(child: ChildProcess): Promise<Ending> {
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}
