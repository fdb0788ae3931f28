// A draft becomes a reply: signed thinking, ids, and never a token more than the caller paid for.
// R1 outputTokens ≤ max_tokens; what doesn't fit is cut where it stands, tool JSON included.
// R2 A block counts the same tokens here and in every later prompt (tokens.ts).

import { randomUUID } from "node:crypto";
import type { Draft, DraftBlock, ServerResultDraft, ServerToolUseDraft } from "./draft.ts";
import type { ServedModel } from "./model-rules.ts";
import { blocksOf, type MessagesRequest } from "./request.ts";
import { sign } from "./signature.ts";
import { bytesWithin, partTokens, textTokens, toolUseTokens } from "./tokens.ts";
import { unreachable } from "./unreachable.ts";

export interface ThinkingReply {
  readonly type: "thinking";
  readonly thinking: string;
  readonly signature: string;
  /** What was thought, also where the display leaves it out. */
  readonly tokens: number;
}

export interface ToolUseReply {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly json: string;
}

export type ReplyBlock =
  | ThinkingReply
  | { readonly type: "text"; readonly text: string }
  | ToolUseReply
  | ServerToolUseDraft
  | ServerResultDraft;

export interface ServedReply {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly ReplyBlock[];
  readonly stopReason: string;
  readonly stopSequence: string | null;
  readonly refusalCategory: string | null;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
  /** Results of server-side searches: the model reads them, so they are billed as input. */
  readonly searchTokens: number;
  readonly webSearchRequests: number;
}

export function replyOf(draft: Draft, request: MessagesRequest, model: ServedModel): ServedReply {
  const stopped = atStopSequence(withIds(draft, request, model), request.stop_sequences ?? []);
  const { blocks, isCut } = cutTo(request.max_tokens, stopped.blocks);
  const searches = blocks.filter((block) => block.type === "web_search_tool_result");
  const calls = blocks.some(({ type }) => type === "tool_use");
  const natural = draft.stopReason ?? (calls ? "tool_use" : "end_turn");
  return {
    id: `msg_${randomUUID().replaceAll("-", "")}`,
    model: model.id,
    blocks,
    stopReason: isCut ? "max_tokens" : stopped.sequence === null ? natural : "stop_sequence",
    stopSequence: isCut ? null : stopped.sequence,
    refusalCategory: draft.refusalCategory ?? null,
    outputTokens: blocks.reduce((sum, block) => sum + replyTokens(block), 0),
    thinkingTokens: blocks.reduce(
      (sum, block) => sum + (block.type === "thinking" ? block.tokens : 0),
      0,
    ),
    searchTokens: searches.reduce((sum, block) => sum + partTokens(block), 0),
    webSearchRequests: searches.filter(({ content }) => Array.isArray(content)).length,
  };
}

/** Tokens that the model wrote. Results of server tools were written by nobody. */
export function replyTokens(block: ReplyBlock): number {
  switch (block.type) {
    case "thinking":
      return block.tokens;
    case "text":
      return textTokens(block.text);
    case "tool_use":
      return toolUseTokens(block.name, block.json);
    case "server_tool_use":
      return toolUseTokens(block.name, JSON.stringify(block.input));
    case "web_search_tool_result":
      return 0;
    default:
      return unreachable(block);
  }
}

function withIds(draft: Draft, request: MessagesRequest, model: ServedModel): ReplyBlock[] {
  const thinking = draft.thinking ?? "";
  const blocks: ReplyBlock[] = draft.blocks.map(withId);
  if (draft.thinking === undefined || !thinksNow(request, model)) return blocks;
  const shown = showsThinking(request, model) ? thinking : "";
  const signature = sign(request, model, shown);
  return [
    { type: "thinking", thinking: shown, signature, tokens: textTokens(thinking) },
    ...blocks,
  ];
}

function withId(block: DraftBlock): ReplyBlock {
  if (block.type !== "tool_use") return block;
  const id = block.id ?? `toolu_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
  return {
    type: "tool_use",
    id,
    name: block.name,
    json: block.json ?? JSON.stringify(block.input),
  };
}

function thinksNow({ thinking, messages }: MessagesRequest, model: ServedModel): boolean {
  if (thinking === undefined) return model.thinksByDefault;
  switch (thinking.type) {
    case "disabled":
      return false;
    case "between_tools": {
      const last = messages.findLast(({ role }) => role === "user");
      return last !== undefined && blocksOf(last).some(({ type }) => type === "tool_result");
    }
    case "adaptive":
    case "enabled":
      return true;
    default:
      return unreachable(thinking);
  }
}

/** Models that bind their thinking leave its text out unless they are asked for it. */
function showsThinking({ thinking }: MessagesRequest, model: ServedModel): boolean {
  const display = thinking !== undefined && "display" in thinking ? thinking.display : undefined;
  return display === "summarized" || (display !== "omitted" && !model.bindsThinking);
}

function atStopSequence(
  blocks: readonly ReplyBlock[],
  sequences: readonly string[],
): { blocks: readonly ReplyBlock[]; sequence: string | null } {
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "text") continue;
    const hits = sequences
      .map((sequence) => ({ sequence, at: block.text.indexOf(sequence) }))
      .filter(({ sequence, at }) => sequence !== "" && at !== -1)
      .toSorted((a, b) => a.at - b.at);
    const first = hits[0];
    if (first === undefined) continue;
    const text = block.text.slice(0, first.at);
    const kept: ReplyBlock[] = text === "" ? [] : [{ type: "text", text }];
    return { blocks: [...blocks.slice(0, index), ...kept], sequence: first.sequence };
  }
  return { blocks, sequence: null };
}

function cutTo(
  maxTokens: number,
  blocks: readonly ReplyBlock[],
): { blocks: readonly ReplyBlock[]; isCut: boolean } {
  const kept: ReplyBlock[] = [];
  let left = maxTokens;
  for (const block of blocks) {
    const tokens = replyTokens(block);
    if (tokens > left) {
      const part = cutBlock(block, left);
      return { blocks: part === undefined ? kept : [...kept, part], isCut: true };
    }
    left -= tokens;
    kept.push(block);
  }
  return { blocks: kept, isCut: maxTokens === 0 };
}

function cutBlock(block: ReplyBlock, tokens: number): ReplyBlock | undefined {
  const bytes = bytesWithin(tokens);
  switch (block.type) {
    case "text": {
      const text = cutText(block.text, bytes);
      return text === "" ? undefined : { ...block, text };
    }
    case "tool_use": {
      const json = cutText(block.json, bytes - Buffer.byteLength(block.name));
      return json === "" ? undefined : { ...block, json };
    }
    case "thinking":
    case "server_tool_use":
    case "web_search_tool_result":
      return undefined;
    default:
      return unreachable(block);
  }
}

function cutText(text: string, bytes: number): string {
  if (bytes <= 0) return "";
  const cut = Buffer.from(text).subarray(0, bytes).toString("utf8");
  return cut.replace(/\uFFFD+$/u, "");
}
