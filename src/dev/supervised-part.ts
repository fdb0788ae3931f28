// Keeps one part running: what dies is started again, with back-off, until it is told to stop.
// Before it served for the first time, repeated deaths are an error instead: nobody would notice.

import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { PawlError } from "../domain/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { lastWordsIn, type LastWords } from "../domain/last-words.ts";
import { lastLines, printedSince } from "./last-lines.ts";
import { type Part, STOP_GRACE_MS } from "./part.ts";
import { openForAppending } from "./private-file.ts";
import { endProcess, markOf, type ProcessMark } from "./process-mark.ts";
import { leaveWill, type Will } from "./will.ts";

const BACK_OFF_MS = { first: 200, max: 5000 } as const;
/** A process that lived this long was well: its next death starts the back-off anew. */
const HEALTHY_AFTER_MS = 10_000;
const FIRST_START_ATTEMPTS_MAX = 4;
const READY_POLL_MS = 30;

/** As Node, Go and SQLite say it. */
const OF_FILES =
  /\b(ENOSPC|EDQUOT|EROFS|EACCES|EPERM)\b|no space left|disk is full|read-only file system|permission denied/i;

export interface Supervision {
  readonly telemetry: Telemetry;
  readonly will: Will;
  readonly onSpawn: () => void;
}

export class SupervisedPart {
  readonly part: Part;
  readonly #telemetry: Telemetry;
  readonly #onSpawn: () => void;
  readonly #will: Will;
  #mark: ProcessMark | undefined;
  #served = false;
  #stopping = false;
  #deaths = 0;
  #logBytes = 0;
  /** Why it will not start, in its own words. */
  #refusal: LastWords | null = null;
  #backOffMs: number = BACK_OFF_MS.first;

  constructor(part: Part, { telemetry, will, onSpawn }: Supervision) {
    this.part = part;
    this.#telemetry = telemetry;
    this.#onSpawn = onSpawn;
    this.#will = will;
  }

  /** The process that runs now. */
  get mark(): ProcessMark | undefined {
    return this.#mark;
  }

  /** Resolves when the part serves for the first time. */
  async start(): Promise<void> {
    const { name, startTimeoutMs, isReady } = this.part;
    await this.#spawn();
    const deadline = Date.now() + startTimeoutMs;
    while (!this.#stopping) {
      if (this.#refusal !== null) {
        throw new PawlError(this.#refusal.code, this.#refusal.message);
      }
      if (this.#deaths >= FIRST_START_ATTEMPTS_MAX) throw this.#failure(`${name} does not start.`);
      if (Date.now() > deadline) {
        throw this.#failure(`${name} did not serve within ${startTimeoutMs / 1000} s.`);
      }
      if (this.#mark !== undefined && (await isReady(this.#mark.pid))) break;
      await pause(READY_POLL_MS);
    }
    this.#served = true;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#mark !== undefined) await endProcess(this.#mark, STOP_GRACE_MS[this.part.name]);
  }

  async #spawn(): Promise<void> {
    const { file, args, env, cwd, isHeir = false } = await this.part.command();
    if (this.#stopping) return;
    this.#logBytes = statSync(this.part.logFile, { throwIfNoEntry: false })?.size ?? 0;
    const output = openForAppending(this.part.logFile);
    // A process group of its own: Ctrl-C in the terminal is for us, who end the parts in order.
    const stdio: StdioOptions = [isHeir ? "pipe" : "ignore", output, output];
    const child = spawn(file, args, {
      env,
      stdio,
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
    closeSync(output);
    if (child.stdin !== null) leaveWill(child.stdin, this.#will);
    const startedAt = Date.now();
    this.#mark = child.pid === undefined ? undefined : markOf(child.pid);
    this.#onSpawn();
    this.#whenEnded(child, (how) => this.#died(how, Date.now() - startedAt));
  }

  #whenEnded(child: ChildProcess, report: (how: string) => void): void {
    child.once("error", (error) => report(error.message));
    child.once("exit", (code, signal) => {
      // Whoever says why it ends would end the same way again: a setting, a file, a server that turns it away.
      if (code !== 0) this.#refusal = this.#saidAtEnd();
      report(signal ?? `exit code ${code}`);
    });
  }

  #died(how: string, livedMs: number): void {
    this.#mark = undefined;
    if (this.#stopping) return;
    this.#deaths += 1;
    if (livedMs > HEALTHY_AFTER_MS) this.#backOffMs = BACK_OFF_MS.first;
    const waitMs = this.#backOffMs;
    this.#backOffMs = Math.min(waitMs * 2, BACK_OFF_MS.max);
    const { name: part } = this.part;
    this.#telemetry.emit({ event: "part_died", part, how, livedMs, restartInMs: waitMs });
    const isGivenUp = this.#refusal !== null || this.#deaths >= FIRST_START_ATTEMPTS_MAX;
    if (!this.#served && isGivenUp) return;
    setTimeout(() => {
      void this.#spawn().catch((error: unknown) => this.#died(String(error), 0));
    }, waitMs);
  }

  #saidAtEnd(): LastWords | null {
    return lastWordsIn(printedSince(this.part.logFile, this.#logBytes));
  }

  #failure(what: string): PawlError {
    const said = lastLines(this.part.logFile, 8);
    return new PawlError(
      OF_FILES.test(said) ? "FILE_UNUSABLE" : "BACKEND_UNREACHABLE",
      [what, `See ${this.part.logFile}:`, said].join("\n"),
    );
  }
}
