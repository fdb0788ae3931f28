// The time a tool has. Made of a plain timer and one controller: the signals of AbortSignal.timeout and
// AbortSignal.any are held weakly, and a tool that never answers would let them be collected unfired.

export interface Deadline {
  /** Aborts when the time is over or `outer` aborts. */
  readonly signal: AbortSignal;
  /** Rejects at that moment. */
  readonly givenUp: Promise<never>;
  /** True where the time is over and not `outer` at work. */
  hasPassed(): boolean;
  clear(): void;
}

export function startDeadline(outer: AbortSignal, timeoutMs: number): Deadline {
  const limit = new AbortController();
  const { signal } = limit;
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    limit.abort(new Error(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const follow = (): void => limit.abort(outer.reason);
  outer.addEventListener("abort", follow, { once: true });
  const givenUp = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return {
    signal,
    givenUp,
    hasPassed: () => passed,
    clear: () => {
      clearTimeout(timer);
      outer.removeEventListener("abort", follow);
    },
  };
}
