// Transcripts by content, as git keeps commits: a message is named by the hash of its body, a
// conversation by the hash over everything in it. Postgres is a cache of them; the truth is in history.
//
// T1. What is loaded hashes to the name it was asked by, or it counts as missing.
// T2. Bodies keep their bytes: the provider binds thinking to everything before it.

import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import { createLinkCache } from "./link-cache.ts";

export interface StoredMessage {
  readonly runId: string;
  readonly ref: string;
  /** `JSON.stringify` of the message, key order as the provider wrote it. */
  readonly body: string;
}

export interface Link {
  readonly runId: string;
  readonly head: string;
  /** "" at the beginning of a conversation. */
  readonly prevHead: string;
  readonly ref: string;
}

export interface Transcripts {
  put(messages: readonly StoredMessage[], links?: readonly Link[]): Promise<void>;
  /** Bodies from the beginning to `head`, or null where a link or a body is missing or damaged. */
  load(runId: string, head: string): Promise<readonly string[] | null>;
  get(runId: string, ref: string): Promise<string | null>;
  /** For what someone else has stored: keeps it in this process only. */
  remember(messages: readonly StoredMessage[], links: readonly Link[]): void;
}

export function refOf(body: string): string {
  return sha256(body);
}

export function nextHead(prevHead: string, ref: string): string {
  return sha256(prevHead + ref);
}

interface ChainRow {
  readonly head: string;
  readonly prev_head: string;
  readonly ref: string;
  readonly body: string | null;
}

const CACHE_BYTES_MAX = 64 * 1024 * 1024;

export function createTranscripts(db: Database, cacheBytesMax = CACHE_BYTES_MAX): Transcripts {
  const cache = createLinkCache(cacheBytesMax);

  function remember(messages: readonly StoredMessage[], links: readonly Link[]): void {
    const bodies = new Map(messages.map((message) => [message.ref, message.body]));
    for (const link of links) {
      const body = bodies.get(link.ref);
      if (body !== undefined && isWhole({ ...link, body }))
        cache.set(link.runId, { ...link, body });
    }
  }

  return {
    remember,
    put: async (messages, links = []) => {
      if (messages.length + links.length === 0) return;
      await db`select pawl.put_messages(${{ json: messages }}, ${{ json: links }})`;
      remember(messages, links);
    },
    load: async (runId, head) => {
      const newestFirst: string[] = [];
      let at = head;
      for (let link = cache.get(runId, at); link !== undefined; link = cache.get(runId, at)) {
        newestFirst.push(link.body);
        at = link.prevHead;
      }
      if (at !== "") {
        const rows = await db<ChainRow>`select * from pawl.chain(${runId}, ${at})`;
        for (const { prev_head: prevHead, ...row } of rows) {
          const { body } = row;
          if (body === null || !isWhole({ head: row.head, prevHead, ref: row.ref, body }))
            return null;
          cache.set(runId, { head: row.head, prevHead, body });
          newestFirst.push(body);
          at = prevHead;
        }
      }
      return at === "" ? newestFirst.toReversed() : null;
    },
    get: async (runId, ref) => {
      const rows = await db<{ readonly body: string }>`
        select body from pawl.message where run_id = ${runId} and ref = ${ref}`;
      const body = rows[0]?.body;
      return body !== undefined && refOf(body) === ref ? body : null;
    },
  };
}

function isWhole(link: {
  readonly head: string;
  readonly prevHead: string;
  readonly ref: string;
  readonly body: string;
}): boolean {
  return refOf(link.body) === link.ref && nextHead(link.prevHead, link.ref) === link.head;
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("base64url");
}
