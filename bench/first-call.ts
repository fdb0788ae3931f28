// How long a person waits after `npm start -- "task"` until the model has been asked and speaks.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { packageFile } from "../src/package-root.ts";
import { startProcess } from "../test/support/processes.ts";

export interface FirstCall {
  /** Nothing is there but the Temporal binary. */
  readonly freshS: number;
  /** The stack of the first run still serves. */
  readonly warmS: number;
  /** After `pawl stop`, on the state of the runs before. */
  readonly stoppedS: number;
}

const TASK = "What is 17 percent of 4,250?";
const DEADLINE_MS = 300_000;

export async function measureFirstCall(): Promise<FirstCall> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-bench-"));
  const env = {
    // npm takes the Node that it finds first.
    PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: process.env["HOME"],
    XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"],
    PAWL_STATE_DIR: dir,
  };
  try {
    const freshS = await secondsToFirstWord(env);
    const warmS = await secondsToFirstWord(env);
    await stopStack(env);
    const stoppedS = await secondsToFirstWord(env);
    return { freshS, warmS, stoppedS };
  } finally {
    await stopStack(env);
    await rm(dir, { recursive: true, force: true });
  }
}

async function secondsToFirstWord(env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const args = ["start", "--silent", "--", "--json", TASK];
  const run = startProcess("npm", args, { env, cwd: packageFile("") });
  await run.line('"type":"reply.', DEADLINE_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  const code = await run.ended;
  if (code !== 0) throw new Error(`npm start ended with ${code}:\n${run.lines.join("\n")}`);
  return seconds;
}

async function stopStack(env: NodeJS.ProcessEnv): Promise<void> {
  const pawl = packageFile("bin/pawl.js");
  await startProcess(process.execPath, [pawl, "stop"], { env, cwd: packageFile("") }).ended;
}
