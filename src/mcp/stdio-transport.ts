// A server that is a program of this machine: a child in a process group of its own, heard line by line. Nothing that
// it does costs the worker more than itself: what it writes is bounded in size and speed (line-reader.ts, throttle.ts),
// and when it is closed, or breaks the bounds, its whole group ends.

import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import {
  deserializeMessage,
  type JSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import { getDefaultEnvironment } from "@modelcontextprotocol/client/stdio";
import type { ChildKeeper } from "./child-keeper.ts";
import { LineReader } from "./line-reader.ts";
import { MESSAGE_BYTES_MAX, tooLargeText } from "./message-size.ts";
import type { StdioWay } from "./server-config.ts";
import { Throttle } from "./throttle.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** To end by itself, once its input has ended; and then again, once it was asked to. */
const ENDING_MS = 1000;
const LAST_WORDS_MS = 500;
const STDERR_CHARS_MAX = 2000;

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** By these two the client knows that it speaks to a program, which may be silent and older than it. */
  readonly stderr = null;
  pid: number | null = null;

  readonly #way: StdioWay;
  readonly #keeper: ChildKeeper;
  readonly #lines = new LineReader();
  readonly #throttle = new Throttle();
  #child: Child | null = null;
  #ended: Promise<void> = Promise.resolve();
  #lastWords = "";
  #why: string | null = null;

  constructor(way: StdioWay, keeper: ChildKeeper) {
    this.#way = way;
    this.#keeper = keeper;
  }

  /** Why it ended, as far as that is known, and the last that it wrote for people. */
  get lastWords(): string {
    const said = this.#lastWords.trim();
    return [this.#why, said === "" ? null : `it wrote: ${said}`]
      .filter((it) => it !== null)
      .join("; ");
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#way;
    const child = spawn(command, [...args], {
      env: { ...getDefaultEnvironment(), ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      ...(cwd === null ? {} : { cwd }),
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#why ??= `it ended ${signal === null ? `with code ${code}` : `by ${signal}`}`;
        resolve();
        // What it has started may hold its pipes open; what it wrote before is still to be heard.
        signalGroup(child, "SIGKILL");
        const timer = setTimeout(() => this.#over(child), LAST_WORDS_MS);
        child.once("close", () => {
          clearTimeout(timer);
          this.#over(child);
        });
      });
      child.once("error", () => resolve());
    });
    child.stdin.on("error", (error) => this.onerror?.(error));
    child.stdout.on("data", (chunk: Buffer) => this.#hear(child, chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-STDERR_CHARS_MAX);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    this.pid = child.pid ?? null;
    if (this.pid !== null) this.#keeper.knows(this.pid);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error("the server has ended");
    if (child.stdin.writableLength > MESSAGE_BYTES_MAX)
      throw new Error("the server does not read what it is sent");
    child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.stdin.end();
    if (!(await this.#endsIn(ENDING_MS))) {
      signalGroup(child, "SIGTERM");
      await this.#endsIn(ENDING_MS);
    }
    this.#over(child);
  }

  #endsIn(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      void this.#ended.finally(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** What it has started ends with it. */
  #over(child: Child): void {
    if (this.#child !== child) return;
    this.#child = null;
    signalGroup(child, "SIGKILL");
    if (this.pid !== null) this.#keeper.forgets(this.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.destroy();
    this.onclose?.();
  }

  #hear(child: Child, chunk: Buffer): void {
    const lines = this.#lines.read(chunk);
    if (lines === null) {
      this.#why = tooLargeText();
      this.#over(child);
      return;
    }
    for (const line of lines) this.#take(line);
    const waitMs = this.#throttle.take(chunk.length, lines.length);
    if (waitMs === 0) return;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), waitMs).unref();
  }

  /** Many print what is meant for people where messages belong: that is passed over. */
  #take(line: string): void {
    if (!line.startsWith("{")) return;
    try {
      this.onmessage?.(deserializeMessage(line));
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function signalGroup({ pid }: Child, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended already.
  }
}
