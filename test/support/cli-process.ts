// `pawl` as a person starts it: a process of its own, seen by its two streams and its exit code.

import { spawn } from "node:child_process";
import { packageFile } from "../../src/package-root.ts";
import type { CliRun } from "./cli.ts";
import { until } from "./processes.ts";

export interface CliProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when either stream holds the text; rejects when the process ends without it. */
  said(text: string, withinMs?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<CliRun>;
}

const BIN = packageFile("bin/pawl.js");

export function startPawl(args: readonly string[], env: NodeJS.ProcessEnv): CliProcess {
  return startCommand(process.execPath, [BIN, ...args], env);
}

export async function runPawl(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CliRun> {
  return await startPawl(args, env).ended;
}

export function startCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string = packageFile(""),
): CliProcess {
  const child = spawn(command, [...args], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  let stdout = "";
  let stderr = "";
  let isOver = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<CliRun>((resolve) => {
    child.once("close", (code) => {
      isOver = true;
      resolve({ exitCode: code ?? -1, stdout, stderr });
    });
  });
  const holds = (text: string): boolean => stdout.includes(text) || stderr.includes(text);
  return {
    pid,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (name) => void child.kill(name),
    async said(text, withinMs = 60_000) {
      await until(`"${text}" is said`, () => holds(text) || isOver, withinMs).catch(() => false);
      if (!holds(text)) throw new Error(`"${text}" was not said:\n${stdout}\n${stderr}`);
    },
  };
}
