// Reads a page in a child process: one that a hostile page holds for ever, or fills with gigabytes, is killed, and the
// worker goes on. A few at a time, since each has a heap of its own.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";
import type { PageText, RawPage } from "./page-text.ts";

/** Rejects with words for the model where the page can't be read. */
export type ReadPage = (page: RawPage, bytes: Uint8Array, signal: AbortSignal) => Promise<PageText>;

export interface ReaderLimits {
  readonly timeoutMs: number;
  readonly memoryBytesMax: number;
}

const LIMITS: ReaderLimits = { timeoutMs: 15_000, memoryBytesMax: 768 * 1024 * 1024 };
const HEAP_MIB = 384;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const READERS_MAX = 3;
const LOOK_MS = 100;

let reading = 0;
const waiting: (() => void)[] = [];

export const readInChild: ReadPage = (page, bytes, signal) =>
  readWithin(LIMITS, { page, bytes }, signal);

export async function readWithin(
  limits: ReaderLimits,
  given: { readonly page: RawPage; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<PageText> {
  await takePlace();
  try {
    signal.throwIfAborted();
    return await readNow(limits, given, signal);
  } finally {
    leavePlace();
  }
}

async function takePlace(): Promise<void> {
  if (reading >= READERS_MAX) return await new Promise<void>((resolve) => waiting.push(resolve));
  reading += 1;
}

/** To who has waited longest. */
function leavePlace(): void {
  const next = waiting.shift();
  if (next === undefined) reading -= 1;
  else next();
}

async function readNow(
  { timeoutMs, memoryBytesMax }: ReaderLimits,
  { page, bytes }: { readonly page: RawPage; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<PageText> {
  const child = startReader();
  let killed: Error | undefined;
  const kill = (why: string): void => {
    killed ??= new Error(why);
    child.kill("SIGKILL");
  };
  const stop = (): void => kill("given up");
  signal.addEventListener("abort", stop, { once: true });
  const deadline = setTimeout(() => kill(`it took longer than ${timeoutMs} ms to read`), timeoutMs);
  const look = setInterval(() => {
    if (residentBytes(child.pid) > memoryBytesMax) kill("it took too much memory to read");
  }, LOOK_MS);
  try {
    const output = outputOf(child, kill);
    // One that died early takes nothing more, and says so by its end.
    child.stdin.on("error", () => undefined);
    child.stdin.end(Buffer.concat([Buffer.from(`${JSON.stringify(page)}\n`), bytes]));
    const text = await output;
    signal.throwIfAborted();
    if (killed !== undefined) throw killed;
    if (text === "") throw new Error("it is damaged, or made in a way that can't be read");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
    return JSON.parse(text) as PageText;
  } finally {
    clearTimeout(deadline);
    clearInterval(look);
    signal.removeEventListener("abort", stop);
  }
}

function startReader(): ChildProcessWithoutNullStreams {
  const program = packageFile("dist/activities/page-reader/reader-main.js");
  const flags = [`--max-old-space-size=${HEAP_MIB}`, "--no-warnings"];
  const child = spawn(process.execPath, [...flags, program], { env: {}, stdio: "pipe" });
  child.stderr.resume();
  return child;
}

/** "" of one that did not come to its end. */
async function outputOf(
  child: ChildProcessWithoutNullStreams,
  kill: (why: string) => void,
): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > OUTPUT_BYTES_MAX) return kill("its text is too long");
    pieces.push(piece);
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? Buffer.concat(pieces).toString() : ""));
  });
}

/** 0 where the system does not say: then its time alone is bounded, and its heap. */
function residentBytes(pid: number | undefined): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return Number(pages) * 4096;
  } catch {
    return 0;
  }
}
