// Where a log lies: a file, or stderr. Both are opened so that a write never waits: a pipe that nobody empties, or a
// terminal that is held, says EAGAIN instead of keeping the whole process.

import * as fs from "node:fs";
import { dirname } from "node:path";
import { PawlError } from "../domain/errors.ts";
import { codeOf } from "../domain/error-code.ts";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import { makeFolder } from "../process/make-folder.ts";
import type { LinePlace } from "./line-writer.ts";

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = fs.constants;
const OWNER_ONLY = 0o600;
const STDERR = 2;

/** What may pass by itself: a process starts without its log sooner than not at all. */
const PASSING: readonly string[] = [
  ...["ENOSPC", "EDQUOT", "EIO", "ENXIO", "EMFILE", "ENFILE", "ESTALE", "ENOMEM", "EINTR"],
];
/** Where another handle is no better. */
const FULL: readonly string[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Throws PawlError where the file can't be opened, and nothing but a person can mend that. */
export function openLogFile(path: string): LinePlace {
  // Of a file that may not grow the write says so, and the signal would end the process.
  if (!process.listeners("SIGXFSZ").includes(ignore)) process.on("SIGXFSZ", ignore);
  let fd: number | null = null;
  let refusal: unknown = null;
  const reopen = (): void => {
    const opened = openFile(path);
    if (fd !== null) closeQuietly(fd);
    fd = opened;
  };
  try {
    reopen();
  } catch (error) {
    if (!PASSING.includes(codeOf(error) ?? "")) throw unusable(error, path);
    refusal = error;
  }
  const handle = (): number => {
    if (fd === null) throw refusal;
    return fd;
  };
  return {
    write: (bytes) => fs.writeSync(handle(), bytes),
    size: () => fs.fstatSync(handle()).size,
    isMidLine: () => fd !== null && endsMidLine(path),
    mend(code) {
      if (fd !== null && FULL.includes(code)) return false;
      reopen();
      return true;
    },
    reopen,
  };
}

export function stderrPlace(): LinePlace {
  // Opened with the first line: many a log never has one.
  let fd: number | null = null;
  return {
    write: (bytes) => fs.writeSync((fd ??= openStderr()), bytes),
    size: () => 0,
    isMidLine: () => false,
    mend: () => false,
    reopen: () => undefined,
  };
}

/** A line for whoever reads stderr, unless it is too slow for that as well. */
export function sayOnStderr(line: string): void {
  const { stderr } = process;
  ignoreErrorsOf(stderr);
  if (stderr.writableLength < stderr.writableHighWaterMark) stderr.write(`${line}\n`);
}

function openFile(path: string): number {
  try {
    return openThere(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeFolder(dirname(path));
    return openThere(path);
  }
}

function openThere(path: string): number {
  // Without a reader or without room in it, a named pipe says so and lets nobody wait.
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, OWNER_ONLY);
}

function openStderr(): number {
  const { stderr } = process;
  ignoreErrorsOf(stderr);
  try {
    // Pipes and sockets don't wait once Node has a stream on them; with a terminal that takes a handle of our own.
    if (fs.fstatSync(STDERR).isCharacterDevice()) {
      return fs.openSync("/dev/fd/2", O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK);
    }
  } catch {
    // Then it is what it is.
  }
  return STDERR;
}

function ignoreErrorsOf(stream: NodeJS.WriteStream): void {
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
}

function ignore(): void {}

function endsMidLine(path: string): boolean {
  let reading: number | null = null;
  try {
    const { size } = fs.statSync(path);
    if (size === 0 || !fs.statSync(path).isFile()) return false;
    reading = fs.openSync(path, "r");
    const last = Buffer.alloc(1);
    fs.readSync(reading, last, 0, 1, size - 1);
    return last.toString() !== "\n";
  } catch {
    return false;
  } finally {
    if (reading !== null) closeQuietly(reading);
  }
}

function closeQuietly(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // What was to be written has been, or has been counted.
  }
}

function unusable(error: unknown, path: string): unknown {
  const message = fileTroubleIn(error, path);
  if (message === null) return error;
  const next =
    "let this user write there, or name another file in PAWL_LOG_FILE; without one the log goes to stderr";
  return new PawlError("FILE_UNUSABLE", `The log ${message}`, { cause: error, next });
}
