// One attempt at the code of a tool: it beats while the code is at work, and what leaves it says whether it was
// stopped, or what of ours went wrong. What the code itself threw leaves as it is.

import { isPawlError } from "../src/domain/errors.ts";
import { aborted, failure, keepBeating, type Attempt } from "./attempt.ts";
import { beginAttempt } from "./begin-attempt.ts";
import type { RunningAttempts } from "./running-attempts.ts";

export async function attemptTool<T>(
  running: RunningAttempts,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  // Nothing is kept of what it does until it answers: the next attempt must not have it beside itself.
  const attempt = beginAttempt(running, "stops");
  const beating = keepBeating(attempt);
  try {
    return await work(attempt);
  } catch (error) {
    if (attempt.signal.aborted) throw aborted(attempt);
    if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
    throw error;
  } finally {
    beating.stop();
    attempt.end();
  }
}
