// A worker that is a process of its own: what keeps it from serving is a sentence and an exit code, and no trace.

import { lastLineOf, lastWordsOf } from "../domain/last-words.ts";
import { leave } from "../process/leave.ts";

export async function asProcess(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const words = lastWordsOf(error);
    // Temporal's runtime has the signals by now and keeps the process: it would neither end nor be told to.
    leave(words.exitCode, `${lastLineOf(words)}\n`);
  }
}
