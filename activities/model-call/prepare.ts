// What goes over the wire: the conversation, the request for this purpose, and the room that it has.

import { createHash } from "node:crypto";
import { lastReplyOf, readableBy } from "../../src/domain/authors.ts";
import type { Denial, ModelCall } from "../../src/domain/call.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import { whileStoreIsAway } from "../patience.ts";
import type { CallAttempt, PreparedCall } from "./call-attempt.ts";
import { loadConversation, type Conversation } from "./conversation.ts";
import { patience } from "./money.ts";
import { requestFor } from "./purposes.ts";
import { roomFor } from "./room.ts";

export async function prepare(at: CallAttempt): Promise<PreparedCall | Denial> {
  const conversation = await conversationOf(at);
  const request = requestOf(at.attempt.runId, at.call, conversation);
  const room = await roomFor({ ...at, conversation, request });
  return "kind" in room ? room : { ...at, conversation, request, room };
}

export async function conversationOf({ deps, attempt, call }: CallAttempt): Promise<Conversation> {
  const load = () => loadConversation(deps.transcripts, attempt.runId, call);
  return await whileStoreIsAway(load, patience(attempt));
}

function requestOf(
  runId: string,
  { payer, purpose, cacheTtl, course }: ModelCall,
  { snapshot, messages }: Conversation,
): ModelRequest {
  const { instructions, tools, serverTools, limits } = snapshot;
  const { model, authors = [] } = course;
  const ownReplyAt = lastReplyOf(model, messages, authors);
  return requestFor(purpose, limits, {
    runId,
    model,
    instructions,
    tools,
    serverTools,
    messages: readableBy(model, messages, authors),
    ...(ownReplyAt !== null && { ownReplyAt }),
    ...(cacheTtl !== undefined && { cacheTtl }),
    userId: createHash("sha256").update(`pawl tenant ${payer.tenant}`).digest("hex").slice(0, 32),
  });
}
