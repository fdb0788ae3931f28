// The conversation of a run as the next call sends it: the pinned agent and every message so far,
// read by reference from the store, plus what is new.

import type { Message } from "../../src/domain/message.ts";
import { mergeNeighbours, openCallIn, withoutThinking } from "../../src/domain/message.ts";
import type { Entry, ModelCall } from "../../src/domain/call.ts";
import type { Snapshot } from "../../src/domain/run/snapshot.ts";
import { nextHead, refOf, type Link, type StoredMessage } from "../../src/store/transcripts.ts";
import type { Transcripts } from "../../src/store/transcripts.ts";
import { failure } from "../attempt.ts";
import type { CallAttempt, Conversation } from "./call-attempt.ts";
import { whileStoreIsAway } from "./patience.ts";

export async function conversationOf({ deps, attempt, call }: CallAttempt): Promise<Conversation> {
  return await whileStoreIsAway(attempt, () => load(deps.transcripts, attempt.runId, call));
}

async function load(
  transcripts: Transcripts,
  runId: string,
  call: Pick<ModelCall, "head" | "entries">,
): Promise<Conversation> {
  const stored = await transcripts.load(runId, call.head);
  const genesis = stored?.[0];
  if (stored === null || genesis === undefined) throw missing(runId, call.head);

  const added: Message[] = [];
  const newBodies: StoredMessage[] = [];
  const newLinks: Link[] = [];
  let head = call.head;
  for (const body of await newEntries(transcripts, runId, call.entries)) {
    const ref = refOf(body);
    newBodies.push({ runId, ref, body });
    newLinks.push({ runId, prevHead: head, ref, head: nextHead(head, ref) });
    head = nextHead(head, ref);
    added.push(parseMessage(body));
  }
  return {
    snapshot: parseSnapshot(genesis),
    messages: sendable([...stored.slice(1).map(parseMessage), ...added]),
    added,
    head,
    newBodies,
    newLinks,
  };
}

/** A defect of ours, told before it costs a request and its refusal. */
function sendable(entries: readonly Message[]): Message[] {
  const messages = mergeNeighbours(entries);
  const open = openCallIn(messages);
  if (open === null) return messages;
  throw failure("INTERNAL", `the call ${open} has no answer behind it, and was not sent so`);
}

async function newEntries(
  transcripts: Transcripts,
  runId: string,
  entries: readonly Entry[],
): Promise<string[]> {
  const bodies = entries.map(async (entry) => {
    const stored = "ref" in entry ? await transcripts.get(runId, entry.ref) : null;
    const body = bodyOf(entry, stored);
    if (body === null) throw missing(runId, "ref" in entry ? entry.ref : "a message");
    return body;
  });
  return await Promise.all(bodies);
}

/** The body under which an entry joins the transcript; null where what it refers to is not there. */
export function bodyOf(entry: Entry, stored: string | null): string | null {
  if ("message" in entry) return JSON.stringify(entry.message);
  if (stored === null || entry.bare !== true) return stored;
  return JSON.stringify(withoutThinking(parseMessage(stored)));
}

function missing(runId: string, what: string): Error {
  return failure("TRANSCRIPT_MISSING", `${what} of ${runId} is not in the store`);
}

// Bodies are our own writing, verified by their hash when they are read.
function parseMessage(body: string): Message {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(body) as Message;
}

function parseSnapshot(body: string): Snapshot {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(body) as Snapshot;
}
