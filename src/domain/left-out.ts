// A conversation with its middle left out, for the request that sums it up where all of it does not fit any more:
// one that grew within a window which its server had not yet said to be smaller. What people said goes along on the
// branch in any case (run/summary.ts); what is lost is the oldest of what was found.

import { jsonBytesOf } from "./json-size.ts";
import { mergeNeighbours, withoutThinking, type Message } from "./message.ts";

export const LEFT_OUT = "[What came next is left out here: it was too long for one request.]";

/**
 * The task, and of all behind it the newest: half of its bytes, a quarter the second time, and so on, but never
 * less than the newest reply and what follows it. It begins with a reply, since answers need their calls.
 */
export function withoutMiddle(messages: readonly Message[], times: number): readonly Message[] {
  const [task, ...rest] = messages;
  if (task === undefined || times === 0) return messages;
  const bytes = rest.map(jsonBytesOf);
  const bytesMax = bytes.reduce((sum, each) => sum + each, 0) / 2 ** times;
  let sum = 0;
  const over = bytes.findLastIndex((each) => (sum += each) > bytesMax);
  const isReply = ({ role }: Message, at: number): boolean => role === "assistant" && at > over;
  const found = rest.findIndex(isReply);
  const from = found === -1 ? rest.findLastIndex(({ role }) => role === "assistant") : found;
  if (from <= 0) return messages;
  const opening: Message = {
    role: "user",
    content: [...task.content, { type: "text", text: LEFT_OUT }],
  };
  const kept = rest.slice(from).map((message) => withoutThinking(message));
  return mergeNeighbours([opening, ...kept.filter(({ content }) => content.length > 0)]);
}
