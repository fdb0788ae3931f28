// Transcripts by content, as git keeps commits: a message is named by the hash of its body, a
// conversation by the hash over everything in it. Postgres is a cache of them; the truth is in history.
//
// T1. What is loaded hashes to the name it was asked by, or it counts as missing.
// T2. Bodies keep their bytes: the provider binds thinking to everything before it.

import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import { createRecentCache } from "./recent-cache.ts";

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

/** A worker that goes on with its own run reads nothing from Postgres. */
export function createTranscripts(db: Database, cacheBytesMax: number): Transcripts {
  // Two bytes for each UTF-16 unit. A run's links are small beside its bodies.
  const bodies = createRecentCache<string>(cacheBytesMax, (body) => body.length * 2);
  const links = createRecentCache<Link>(cacheBytesMax / 8, () => 0);

  function keep(runId: string, ref: string, body: string): void {
    bodies.set(keyOf(runId, ref), body);
  }

  function keepLink(link: Link): void {
    links.set(keyOf(link.runId, link.head), link);
  }

  function remember(messages: readonly StoredMessage[], newLinks: readonly Link[]): void {
    for (const { runId, ref, body } of messages) if (refOf(body) === ref) keep(runId, ref, body);
    for (const link of newLinks) if (isTrue(link)) keepLink(link);
  }

  /** As far back as this process knows: the bodies, newest first, and where it knows no more. */
  function recall(runId: string, head: string): { known: string[]; at: string } {
    const known: string[] = [];
    let at = head;
    while (at !== "") {
      const link = links.get(keyOf(runId, at));
      const body = link && bodies.get(keyOf(runId, link.ref));
      if (link === undefined || body === undefined) break;
      known.push(body);
      at = link.prevHead;
    }
    return { known, at };
  }

  return {
    remember,
    put: async (messages, newLinks = []) => {
      if (messages.length + newLinks.length === 0) return;
      await db`select pawl.put_messages(${{ json: messages }}, ${{ json: newLinks }})`;
      remember(messages, newLinks);
    },
    load: async (runId, head) => {
      const { known: newestFirst, at: from } = recall(runId, head);
      let at = from;
      if (at !== "") {
        const rows = await db<ChainRow>`select * from pawl.chain(${runId}, ${at})`;
        for (const { prev_head: prevHead, head: rowHead, ref, body } of rows) {
          const link = { runId, head: rowHead, prevHead, ref };
          if (body === null || refOf(body) !== ref || !isTrue(link)) return null;
          keep(runId, ref, body);
          keepLink(link);
          newestFirst.push(body);
          at = prevHead;
        }
      }
      return at === "" ? newestFirst.toReversed() : null;
    },
    get: async (runId, ref) => {
      const known = bodies.get(keyOf(runId, ref));
      if (known !== undefined) return known;
      const rows = await db<{ readonly body: string }>`
        select body from pawl.message where run_id = ${runId} and ref = ${ref}`;
      const body = rows[0]?.body;
      if (body === undefined || refOf(body) !== ref) return null;
      keep(runId, ref, body);
      return body;
    },
  };
}

/** Runs never share what is cached: what one tenant wrote is found under its own run only. */
function keyOf(runId: string, hash: string): string {
  return `${hash}/${runId}`;
}

function isTrue({ head, prevHead, ref }: Link): boolean {
  return nextHead(prevHead, ref) === head;
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("base64url");
}
