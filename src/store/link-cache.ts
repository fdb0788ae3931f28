// Links of recent transcripts in memory, the least recently used leaving first. A worker that goes on
// with its own run then reads nothing from Postgres. Bodies are shared with whoever loaded them.

export interface CachedLink {
  readonly head: string;
  readonly prevHead: string;
  readonly body: string;
}

export interface LinkCache {
  get(runId: string, head: string): CachedLink | undefined;
  set(runId: string, link: CachedLink): void;
}

/** Two bytes for each UTF-16 unit, and about this much for the keys and the entry. */
const ENTRY_BYTES = 400;

export function createLinkCache(bytesMax: number): LinkCache {
  // A Map iterates in the order of insertion: re-inserting on use keeps the oldest use first.
  const links = new Map<string, CachedLink>();
  let bytes = 0;

  const remove = (key: string): CachedLink | undefined => {
    const link = links.get(key);
    if (link !== undefined && links.delete(key)) bytes -= bytesOf(link);
    return link;
  };
  const add = (key: string, link: CachedLink): void => {
    links.set(key, link);
    bytes += bytesOf(link);
  };

  return {
    get: (runId, head) => {
      const key = keyOf(runId, head);
      const link = remove(key);
      if (link !== undefined) add(key, link);
      return link;
    },
    set: (runId, link) => {
      const key = keyOf(runId, link.head);
      remove(key);
      add(key, link);
      for (const oldest of links.keys()) {
        if (bytes <= bytesMax) break;
        remove(oldest);
      }
    },
  };
}

/** Runs never share links: what one tenant wrote is found under its own run only. */
function keyOf(runId: string, head: string): string {
  return `${head}/${runId}`;
}

function bytesOf(link: CachedLink): number {
  return link.body.length * 2 + ENTRY_BYTES;
}
