// One program under the launcher: its folder, its order, and what came of it. Shared by the tiers that lock a native
// process in; what lies around the launcher is theirs (bwrap.ts).

import { randomInt } from "node:crypto";
import { packageFile } from "../package-root.ts";
import type { Identity, LaunchOrder } from "./launch-order.ts";
import { isModule } from "./module-code.ts";
import { LOADERS, type Runtime } from "./runtimes.ts";
import type { CodeOutcome, CodeRun, FolderFile, Killer } from "./sandbox.ts";
import { makeScratch, type Collected, type ScratchFolder } from "./scratch-folder.ts";
import { watchedChild, type ChildCommand, type ChildEnd } from "./watched-child.ts";

export const LAUNCHER = packageFile("dist/src/sandbox/launch-main.js");

/** Above the users that systems hand out: one for each program, so that what is counted by user is its own. */
const UIDS = { from: 0x70000000, to: 0x7fff0000 };
const DESCRIPTORS = 64;
const MIB = 1024 * 1024;

export interface Confinement {
  readonly runtime: Runtime;
  readonly identity: Identity["kind"];
  /** How the launcher is started for this order. */
  wrap(order: LaunchOrder): ChildCommand;
  /** False where another process lies between us and the launcher. */
  readonly isDirect: boolean;
}

export async function runNative(confinement: Confinement, run: CodeRun): Promise<CodeOutcome> {
  const { runtime } = confinement;
  const main = { path: mainFileFor(run), bytes: Buffer.from(run.code) };
  const identity = identityOf(confinement.identity);
  const uid = identity.kind === "apart" ? identity.uid : null;
  const files = [...run.files, main];
  const scratch = await makeScratch({ files, uid, limits: run.limits });
  try {
    const order = orderOf(confinement, { run, identity, main: main.path, folder: scratch.path });
    const watch = { limits: run.limits, signal: run.signal, lookAtFolder: () => scratch.look() };
    const end = await watchedChild(confinement.wrap(order), watch);
    if (end.launcherSaid !== "" && end.killedBy === null) {
      throw new Error(`${runtime.name} could not be locked in: ${end.launcherSaid}`);
    }
    return await outcomeOf(end, { run, scratch, given: files });
  } finally {
    await scratch.remove();
  }
}

/** A name that none of the given files has. */
export function mainFileFor({ language, code, files }: CodeRun): string {
  const taken = new Set(files.map(({ path }) => path));
  const javascript = isModule(code) ? "mjs" : "js";
  const extension = language === "python" ? "py" : javascript;
  for (let count = 0; ; count += 1) {
    const name = `main${count === 0 ? "" : `-${count}`}.${extension}`;
    if (!taken.has(name)) return name;
  }
}

function identityOf(kind: Identity["kind"]): Identity {
  return kind === "same" ? { kind } : { kind, uid: randomInt(UIDS.from, UIDS.to) };
}

interface Ordered {
  readonly run: CodeRun;
  readonly identity: Identity;
  readonly main: string;
  readonly folder: string;
}

function orderOf(
  { runtime, isDirect }: Confinement,
  { run: { limits }, identity, main, folder }: Ordered,
): LaunchOrder {
  const memoryBytes = limits.memoryBytes + runtime.ownBytes;
  return {
    parentPid: isDirect ? process.pid : null,
    command: runtime.command,
    args: runtime.args(main, limits),
    env: {
      ...{ PATH: "/usr/bin:/bin", HOME: folder, TMPDIR: folder, LANG: "C.UTF-8", TZ: "UTC" },
      ...runtime.env,
    },
    folder,
    readable: [...runtime.readable, runtime.command],
    executable: [runtime.command, ...LOADERS],
    identity,
    limits: {
      memoryBytes,
      addressBytes: runtime.mapsLittle ? memoryBytes + 128 * MIB : null,
      fileBytes: limits.fileBytes,
      descriptors: DESCRIPTORS,
      cpuSeconds: 2 * Math.ceil(limits.wallMs / 1000) + 1,
      threads: limits.threads,
    },
  };
}

const NOTHING: Collected = { files: [], leftOut: [] };

interface Ran {
  readonly run: CodeRun;
  readonly scratch: ScratchFolder;
  readonly given: readonly FolderFile[];
}

export async function outcomeOf(end: ChildEnd, { run, scratch, given }: Ran): Promise<CodeOutcome> {
  const killedBy = end.killedBy ?? killerOf(end, run);
  // Of a program that was killed nobody knows which of its files are whole.
  const { files, leftOut } = killedBy === null ? await scratch.collect() : NOTHING;
  const before = new Map(given.map(({ path, bytes }) => [path, bytes]));
  return {
    stdout: end.stdout.toString("utf8"),
    stderr: end.stderr.toString("utf8"),
    exitCode: killedBy === null ? end.exitCode : null,
    killedBy,
    files: files.filter(({ path, bytes }) => before.get(path)?.equals(bytes) !== true),
    leftOut: leftOut.filter((path) => !before.has(path)),
  };
}

/** Of a program that the kernel ended, or its own runtime for want of memory. */
function killerOf({ signal, stderr }: ChildEnd, { limits }: CodeRun): Killer | null {
  if (signal === null) return null;
  const heapIsFull = /heap out of memory|Allocation failed|out of memory/i.test(
    stderr.toString("utf8", Math.max(0, stderr.length - 8192)),
  );
  if (heapIsFull) {
    const what = `it used more than ${limits.memoryBytes / MIB} MiB of memory`;
    return { kind: "memory", what };
  }
  switch (signal) {
    case "SIGXFSZ":
      return { kind: "file size", what: `a file grew beyond ${limits.fileBytes / MIB} MiB` };
    case "SIGXCPU":
      return { kind: "time", what: "it used up its processor time" };
    case "SIGSYS":
      return { kind: "signal", what: "it made a system call of another architecture" };
    default:
      return { kind: "signal", what: `it was ended by ${signal}` };
  }
}
