// Runs a short command to its end and returns what it printed.

import { execFile } from "node:child_process";
import { createInterface } from "node:readline";

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Hears what the command says on stderr while it runs. */
  readonly onErrorLine?: (line: string) => void;
}

/** Rejects with the last lines of stderr where the command fails, is missing or takes too long. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const { timeoutMs, onErrorLine, ...rest } = options;
    const limits = { timeout: timeoutMs, maxBuffer: 2 ** 26 };
    const child = execFile(file, args, { ...rest, ...limits }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(err.trim().split("\n").slice(-3).join("\n") || error.message));
    });
    if (onErrorLine === undefined || child.stderr === null) return;
    createInterface({ input: child.stderr }).on("line", onErrorLine);
  });
}
