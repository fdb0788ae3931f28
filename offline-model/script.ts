// Replies written by a test: `PUT /admin/script`. Each is used in turn by the requests it matches;
// where none is left, the planner answers.

import { z } from "zod";
import type { Draft, DraftBlock, ToolUseDraft } from "./draft.ts";
import { entryFields } from "./match-list.ts";
import type { MessagesRequest } from "./request.ts";

const scriptedReply = z.strictObject({
  text: z.string().optional(),
  /** Generates a text of this many bytes instead. */
  textBytes: z.int().nonnegative().optional(),
  thinking: z.string().optional(),
  toolCalls: z
    .array(
      z.strictObject({
        name: z.string(),
        input: z.unknown().default({}),
        /** As gateways name them that count from 0 in each reply, or not at all. */
        id: z.string().optional(),
      }),
    )
    .default([]),
  /** The JSON of the first tool call exactly as it goes over the wire. */
  rawToolJson: z.string().optional(),
  stopReason: z.string().optional(),
  /** The planner answers after all: only pace and hold are scripted. */
  planned: z.boolean().default(false),
  chunkDelayMs: z.int().nonnegative().optional(),
  chunkChars: z.int().positive().optional(),
});

const scriptEntry = z.strictObject({
  ...entryFields,
  reply: scriptedReply,
  /** The reply waits for `POST /admin/release`. */
  hold: z.boolean().default(false),
});

export const scriptList = z.array(scriptEntry);
export type ScriptEntry = z.infer<typeof scriptEntry>;
/** As a test writes it. */
export type ScriptInput = z.input<typeof scriptEntry>;
type ScriptedReply = z.infer<typeof scriptedReply>;

export function draftOf(reply: ScriptedReply, request: MessagesRequest): Draft {
  const text = reply.textBytes === undefined ? reply.text : filler(reply.textBytes);
  const calls: Omit<ToolUseDraft, "type">[] = reply.toolCalls.map(({ name, input, id }) => {
    return { name, input, ...(id === undefined ? {} : { id }) };
  });
  if (reply.rawToolJson !== undefined && calls.length === 0) {
    calls.push({ name: firstTool(request), input: {} });
  }
  const blocks: DraftBlock[] = text === undefined ? [] : [{ type: "text", text }];
  calls.forEach((call, index) => {
    const json = index === 0 && reply.rawToolJson !== undefined ? { json: reply.rawToolJson } : {};
    blocks.push({ type: "tool_use", ...call, ...json });
  });
  return {
    blocks,
    ...(reply.thinking === undefined ? {} : { thinking: reply.thinking }),
    ...(reply.stopReason === undefined ? {} : { stopReason: reply.stopReason }),
  };
}

function firstTool(request: MessagesRequest): string {
  const tool = request.tools?.find((offered) => "input_schema" in offered);
  return tool !== undefined && "name" in tool ? tool.name : "calculator";
}

function filler(bytes: number): string {
  const line = "A pawl lets a ratchet turn forward and never slip back. ";
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}
