// `pawl` in its process: streams, keyboard and environment in, exit code out. All else is in program.ts.

import { readDotEnv } from "./dot-env.ts";
import { leave } from "../process/leave.ts";
import { createKeyboard } from "./keyboard.ts";
import { createAsk } from "./ask.ts";
import { pipedIn } from "./piped-in.ts";
import { runCli } from "./program.ts";

/** Ends the process. */
export async function runAsProcess(): Promise<void> {
  /** What the command came to; null while it works. */
  let exitCode: number | null = null;

  /** Whoever reads our output may leave early (`pawl ls | head`); that is no failure. */
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCode ?? 0);
    process.stderr.write(`What the command says can't be written: ${error.message}.\n`);
    process.exit(1);
  });
  /** Whoever reads no notices misses them, and nothing else. */
  process.stderr.on("error", () => undefined);

  const { stdin, stdout, stderr, env } = process;
  exitCode = await runCli(process.argv.slice(2), {
    stdout,
    stderr,
    env,
    isTerminal: stdout.isTTY,
    // Of the project, where that is elsewhere.
    readDotEnv: () => readDotEnv(env["PAWL_PROJECT_DIR"] || process.cwd()),
    readStdin: (bytesMax) => pipedIn(stdin, bytesMax),
    ...(stdin.isTTY && stdout.isTTY
      ? { keyboard: createKeyboard(stdin, stdout), ask: createAsk(stdin, stdout) }
      : {}),
  });
  // Output must not be cut; and that it could not be written is told by an event, which comes behind this callback.
  stdout.write("", () => setImmediate(() => leave(exitCode ?? 0)));
}
