// Event streams that are open, and who holds them: a stream lives far longer than the request that began it.
//
// G7. No key and no tenant takes the streams of others, and all streams together leave sockets for requests.
// G9. A stream lasts no longer than the right to it: a key that is revoked, has expired or lost its scope ends
//     what was opened with it, within about ten seconds.

import type { ServerResponse } from "node:http";
import { PawlError } from "../domain/errors.ts";
import type { ApiKeys } from "../store/api-keys.ts";
import { may, seesTenant, type Principal } from "./principal.ts";

export interface Streams {
  /** Counts the stream until its response closes. Throws PawlError TOO_MANY_STREAMS. */
  admit(principal: Principal, response: ServerResponse): void;
  close(): void;
}

export interface StreamLimits {
  readonly streamsPerKey: number;
  readonly streamsPerTenant: number;
  /** Of all, at this gateway: the other sockets are for requests. */
  readonly streamsTotal?: number;
  /** How often whoever holds one is asked again. */
  readonly recheckMs?: number;
}

interface Stream {
  readonly principal: Principal;
  readonly response: ServerResponse;
}

const STREAMS_MAX = 1500;
const RECHECK_MS = 5000;

export function createStreams(
  keys: Pick<ApiKeys, "current">,
  { streamsPerKey, streamsPerTenant, ...more }: StreamLimits,
): Streams {
  const { streamsTotal = STREAMS_MAX, recheckMs = RECHECK_MS } = more;
  const open = new Set<Stream>();
  const held = createTally();

  const checking = setInterval(() => void recheck(open, keys), recheckMs);
  checking.unref();

  return {
    admit(principal, response) {
      if (response.destroyed) return;
      const shares = [
        { name: "gateway", limit: streamsTotal, whose: "This gateway has" },
        { name: `tenant ${principal.tenant}`, limit: streamsPerTenant, whose: "This tenant has" },
        ...(principal.kind === "key"
          ? [{ name: `key ${principal.keyId}`, limit: streamsPerKey, whose: "This key has" }]
          : []),
      ];
      const full = shares.find(({ name, limit }) => held.count(name) >= limit);
      if (full !== undefined) {
        const message = `${full.whose} ${full.limit} event streams open, and may have no more.`;
        throw new PawlError("TOO_MANY_STREAMS", message);
      }
      const stream = { principal, response };
      open.add(stream);
      for (const { name } of shares) held.add(name, 1);
      response.once("close", () => {
        open.delete(stream);
        for (const { name } of shares) held.add(name, -1);
      });
    },
    close: () => clearInterval(checking),
  };
}

async function recheck(open: ReadonlySet<Stream>, keys: Pick<ApiKeys, "current">): Promise<void> {
  const byKey = new Map<string, Stream[]>();
  for (const stream of open) {
    const { principal } = stream;
    if (principal.kind !== "key") continue;
    byKey.set(principal.keyId, [...(byKey.get(principal.keyId) ?? []), stream]);
  }
  await Promise.all(
    Array.from(byKey, async ([keyId, streams]) => {
      try {
        const key = await keys.current(keyId);
        const now: Principal | null = key === null ? null : { kind: "key", ...key };
        for (const { principal, response } of streams) {
          const stays = now !== null && may(now, "runs:read") && seesTenant(now, principal.tenant);
          if (!stays) end(response);
        }
      } catch {
        // Nobody knows; new requests hear that the database is away, and these are asked again.
      }
    }),
  );
}

/** A socket that takes nothing would keep what it has not read. */
function end(response: ServerResponse): void {
  if (response.writableNeedDrain) response.destroy();
  else response.end();
}

interface Tally {
  count(name: string): number;
  add(name: string, change: 1 | -1): void;
}

function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    count: (name) => counts.get(name) ?? 0,
    add(name, change) {
      const count = (counts.get(name) ?? 0) + change;
      if (count === 0) counts.delete(name);
      else counts.set(name, count);
    },
  };
}
