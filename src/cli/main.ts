// The `pawl` process: arguments in, exit code out. All else is in program.ts.

import { createKeyboard } from "./keyboard.ts";
import { createAsk } from "./ask.ts";
import { runCli } from "./program.ts";

/** Whoever reads our output may leave early (`pawl ls | head`); that is no failure. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  isTerminal: process.stdout.isTTY,
  ...(process.stdin.isTTY && process.stdout.isTTY
    ? {
        keyboard: createKeyboard(process.stdin, process.stdout),
        ask: createAsk(process.stdin, process.stdout),
      }
    : {}),
});
// Sockets that still close must not hold the prompt back, and output must not be cut.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
