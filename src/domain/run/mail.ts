// What people said and the model has not read. It is heard once, in the order in which it came; nothing that
// was taken is dropped.

import type { Entry } from "../call.ts";
import { readText } from "../hidden-letters.ts";
import { jsonBytesOf, newestFitting } from "../json-size.ts";
import { userMessage } from "../message.ts";
import type { RunFact } from "./facts.ts";
import type { UserMessage } from "./order.ts";
import type { Mail, RunState } from "./state.ts";

/** More are refused while so many, or so long ones, are unread. */
const UNREAD_MAX = 100;
export const UNREAD_BYTES_MAX = 192 * 1024;
/** What one call takes along at most, beyond a first message: the rest comes with the turns behind it. */
export const HEARD_BYTES_MAX = 64 * 1024;
/** A sender that repeats itself does so within seconds, not behind a thousand others, as ours are long. */
export const IDS_BYTES_MAX = 44 * 1024;

export function foldMail(mail: Mail, fact: RunFact, before: RunState): Mail {
  if (fact.kind === "said") return isNews(mail, fact.message) ? taken(mail, fact.message) : mail;
  if (fact.kind !== "asked") return mail;
  return { ...mail, unread: mail.unread.slice(newlyHeard(fact.call.entries, before)) };
}

/** False where it was taken before. */
export function isNews({ ids }: Mail, { messageId }: UserMessage): boolean {
  return !ids.includes(messageId);
}

function taken({ unread, ids }: Mail, message: UserMessage): Mail {
  const known = newestFitting([...ids, message.messageId], IDS_BYTES_MAX);
  return { unread: [...unread, message], ids: known };
}

/** A call that is repeated takes along again what it took along before. */
export function newlyHeard(entries: readonly Entry[], { memory }: RunState): number {
  const known = memory === null ? 0 : saidIn(memory.talk.entries).length;
  return Math.max(0, saidIn(entries).length - known);
}

export function saidIn(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry) => "message" in entry && entry.said === true);
}

/** The oldest unread messages, as many as fit beside those that the next call takes along already. */
export function hear({ unread }: Mail, entries: readonly Entry[], asIs: boolean): readonly Entry[] {
  const known = saidIn(entries);
  let bytes = known.reduce((sum, entry) => sum + jsonBytesOf(entry), 0);
  const heard: Entry[] = [];
  for (const { text } of unread) {
    const said = asIs ? text : readText(text);
    const entry: Entry = { message: userMessage(said), said: true };
    bytes += jsonBytesOf(entry);
    const isFirst = known.length === 0 && heard.length === 0;
    if (!isFirst && bytes > HEARD_BYTES_MAX) break;
    heard.push(entry);
  }
  return heard;
}

export function isFull({ unread }: Mail): boolean {
  return unread.length >= UNREAD_MAX || jsonBytesOf(unread) >= UNREAD_BYTES_MAX;
}
