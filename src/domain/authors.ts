// Who wrote which reply of a conversation. A model reads its own thinking alone, and its thinking is bound
// to every byte before it: so each model is always shown the same conversation, which only grows.
//
//   F4. A model is sent what all have said and done, and no thinking but its own.

import { isThinking, withoutThinking, type Message } from "./message.ts";

/** Replies in a row of one model. */
export interface Author {
  readonly model: string;
  readonly replies: number;
}

/** What any model reads, whoever wrote it. Of other blocks nothing is known, so they stay with their model. */
const SHARED = ["text", "tool_use", "server_tool_use", "web_search_tool_result"];

/** What other models thought is left out: a model reads, and is bound to, its own thinking alone. */
export function readableBy(
  model: string,
  messages: readonly Message[],
  authors: readonly Author[],
): readonly Message[] {
  const writers = writersOf(messages, authors);
  return messages.map((message, at) => {
    const writer = writers[at];
    return writer === undefined || writer === model ? message : withoutThinking(message);
  });
}

/** Where in the conversation this model spoke last: up to there it may find it in its cache. */
export function lastReplyOf(
  model: string,
  messages: readonly Message[],
  authors: readonly Author[],
): number | null {
  const at = writersOf(messages, authors).lastIndexOf(model);
  return at === -1 ? null : at;
}

/** By message; undefined where it is no model's, or nobody knows. */
function writersOf(
  messages: readonly Message[],
  authors: readonly Author[],
): readonly (string | undefined)[] {
  const writers = authors.flatMap((author) => Array<string>(author.replies).fill(author.model));
  // From the end, as a shortened conversation keeps its end.
  let at = writers.length - messages.filter(({ role }) => role === "assistant").length;
  return messages.map(({ role }) => (role === "assistant" ? writers[at++] : undefined));
}

/** Without its thinking it would be empty, or it holds what another model may not read. */
export function isBinding({ content }: Message): boolean {
  const rest = content.filter((block) => !isThinking(block));
  return rest.length === 0 || rest.some(({ type }) => !SHARED.includes(type));
}
