// Runs a short command to its end and returns what it printed.

import { execFile } from "node:child_process";

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Rejects with the last lines of stderr where the command fails, is missing or takes too long. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const { timeoutMs, ...rest } = options;
    execFile(file, args, { ...rest, timeout: timeoutMs, maxBuffer: 2 ** 26 }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(err.trim().split("\n").slice(-3).join("\n") || error.message));
    });
  });
}
