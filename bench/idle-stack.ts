// What a local stack costs that nobody uses: processor time of each of its processes, in percent of a core.
// Measured once it has come to rest: for a minute or two after a start V8 still tidies up.

import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { packageFile } from "../src/package-root.ts";
import { startProcess } from "../test/support/processes.ts";
import { ownMs } from "./processor.ts";

export type IdleStack = Readonly<Record<string, number>>;

interface StackPids {
  readonly pid: number;
  readonly children: Readonly<Record<string, number>>;
}

const REST_MS = 150_000;
const PAWL = packageFile("bin/pawl.js");

export async function measureIdleStack(seconds: number): Promise<IdleStack> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-bench-"));
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, PAWL_STATE_DIR: dir };
  const pawl = async (...args: string[]): Promise<void> =>
    void (await startProcess(process.execPath, [PAWL, ...args], { env }).ended);
  try {
    await pawl("run", "What is 17 percent of 4,250?");
    await pause(REST_MS);
    const state = JSON.parse(readFileSync(join(dir, "stack.json"), "utf8")) as StackPids;
    const pids = { supervisor: state.pid, ...state.children };
    const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, ms: ownMs(pid) }));
    await pause(seconds * 1000);
    return Object.fromEntries(
      before.map(({ name, pid, ms }) => [name, (ownMs(pid) - ms) / (seconds * 10)]),
    );
  } finally {
    await pawl("stop");
    await rm(dir, { recursive: true, force: true });
  }
}
