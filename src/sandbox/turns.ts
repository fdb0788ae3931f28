// So many at once, and the rest in turn.

export type InTurn = <T>(signal: AbortSignal, act: () => Promise<T>) => Promise<T>;

export function takeTurns(atOnce: number): InTurn {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const first = waiting.shift();
    if (first === undefined) busy -= 1;
    else first();
  };
  return async (signal, act) => {
    if (busy < atOnce) busy += 1;
    else await turn(waiting, signal);
    try {
      return await act();
    } finally {
      next();
    }
  };
}

/** Rejects, and is out of the line, where `signal` aborts first. */
async function turn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      waiting.splice(waiting.indexOf(go), 1);
      reject(signal.reason);
    };
    const go = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    waiting.push(go);
    signal.addEventListener("abort", leave, { once: true });
  });
}
