// The end of a process that has served: its last words, and its exit code. Whoever reads stderr slowly, or not at
// all, does not keep it from ending.

const LAST_WORDS_MS = 2000;

/** Sockets that still close don't hold it back either. */
export function leave(exitCode: number, lastWords = ""): void {
  const end = (): never => process.exit(exitCode);
  process.stderr.on("error", end);
  setTimeout(end, LAST_WORDS_MS);
  process.stderr.write(lastWords, end);
}
