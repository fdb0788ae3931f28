// One attempt at the code of a tool: it beats while the code is at work, and what leaves it says whether it was
// stopped, or that something of ours went wrong. What the code itself has thrown (a ToolError) leaves as it is.

import { aborted, asFailures, keepBeating, type Attempt } from "./attempt.ts";
import { beginAttempt } from "./begin-attempt.ts";
import type { RunningAttempts } from "./running-attempts.ts";
import { toolErrorOf } from "./tools/tool-error.ts";

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
    if (toolErrorOf(error) !== null) throw error;
    return await asFailures(() => Promise.reject(error));
  } finally {
    beating.stop();
    attempt.end();
  }
}
