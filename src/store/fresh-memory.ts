// What was read a moment ago, in memory, and trusted for so long: most questions cost the database nothing. The
// oldest reading leaves first.

export interface FreshMemory<Value> {
  /** Null where nothing is known, or not lately enough. */
  get(key: string): Value | null;
  /** `readAtMs`: when it was asked for, by the clock of this memory. */
  put(key: string, value: Value, readAtMs: number): void;
  forget(key: string): void;
}

const KNOWN_MAX = 10_000;

export function createFreshMemory<Value>(
  nowMs: () => number,
  trustedForMs: number,
): FreshMemory<Value> {
  const known = new Map<string, { readonly value: Value; readonly readAtMs: number }>();
  return {
    get(key) {
      const entry = known.get(key);
      const isFresh = entry !== undefined && nowMs() - entry.readAtMs < trustedForMs;
      return isFresh ? entry.value : null;
    },
    put(key, value, readAtMs) {
      known.delete(key);
      known.set(key, { value, readAtMs });
      const [oldest] = known.keys();
      if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    },
    forget: (key) => void known.delete(key),
  };
}
