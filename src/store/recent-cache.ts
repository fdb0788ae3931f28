// What was used of late, in memory, the least recently used leaving first. Values are shared with
// whoever got them.

export interface RecentCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** About this much for the keys and the entry. */
const ENTRY_BYTES = 400;

export function createRecentCache<Value>(
  bytesMax: number,
  bytesOf: (value: Value) => number,
): RecentCache<Value> {
  // A Map iterates in the order of insertion: re-inserting on use keeps the oldest use first.
  const entries = new Map<string, Value>();
  let bytes = 0;

  const remove = (key: string): Value | undefined => {
    const value = entries.get(key);
    if (value !== undefined && entries.delete(key)) bytes -= bytesOf(value) + ENTRY_BYTES;
    return value;
  };
  const add = (key: string, value: Value): void => {
    entries.set(key, value);
    bytes += bytesOf(value) + ENTRY_BYTES;
  };

  return {
    get(key) {
      const value = remove(key);
      if (value !== undefined) add(key, value);
      return value;
    },
    set(key, value) {
      remove(key);
      add(key, value);
      for (const oldest of entries.keys()) {
        if (bytes <= bytesMax) break;
        remove(oldest);
      }
    },
  };
}
