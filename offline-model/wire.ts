// A reply on the wire: as one message, or as the events of a stream in the order the API sends them.

import type { CachePlan } from "./cache.ts";
import { replyTokens, type ServedReply, type ReplyBlock } from "./reply.ts";
import { partTokens, textTokens, toolUseTokens } from "./tokens.ts";
import {
  finalUsage,
  NOTHING_YET,
  startUsage,
  type ReplyProgress,
  type UsageJson,
} from "./wire-usage.ts";
import { unreachable } from "./unreachable.ts";

export interface WireEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What has been generated once this event is out. */
  readonly progress: ReplyProgress;
  /** Content arrives at the pace of a model; everything around it at once. */
  readonly isPaced: boolean;
}

/** Replaces usage as reported; the bill is not touched. */
export type UsageFilter = (usage: UsageJson) => UsageJson | undefined;

export function messageJson(reply: ServedReply, plan: CachePlan, filter: UsageFilter): object {
  const usage = filter({ ...startUsage(plan), ...finalUsage(plan, reply) });
  return {
    id: reply.id,
    type: "message",
    role: "assistant",
    model: reply.model,
    content: reply.blocks.map(wholeBlock),
    ...stopFields(reply),
    ...(usage === undefined ? {} : { usage }),
  };
}

export function* eventsOf(
  reply: ServedReply,
  plan: CachePlan,
  { filter, chunkChars }: { readonly filter: UsageFilter; readonly chunkChars: number },
): Generator<WireEvent> {
  let progress = NOTHING_YET;
  const event = (name: string, fields: object, isPaced = false): WireEvent => ({
    name,
    data: { type: name, ...fields },
    progress,
    isPaced,
  });
  yield event("message_start", { message: emptyMessage(reply, filter(startUsage(plan))) });
  yield event("ping", {});
  for (const [index, block] of reply.blocks.entries()) {
    const before = progress;
    yield event("content_block_start", { index, content_block: openBlock(block) });
    for (const { delta, outputTokens } of deltasOf(block, chunkChars)) {
      progress = { ...before, outputTokens: before.outputTokens + outputTokens };
      yield event("content_block_delta", { index, delta }, true);
    }
    progress = afterBlock(before, block);
    yield event("content_block_stop", { index });
  }
  const usage = filter(finalUsage(plan, reply));
  const rest = usage === undefined ? {} : { usage };
  yield event("message_delta", { delta: stopFields(reply), ...rest });
  yield event("message_stop", {});
}

function afterBlock(before: ReplyProgress, block: ReplyBlock): ReplyProgress {
  const isResult = block.type === "web_search_tool_result";
  return {
    outputTokens: before.outputTokens + replyTokens(block),
    searchTokens: before.searchTokens + (isResult ? partTokens(block) : 0),
    webSearchRequests:
      before.webSearchRequests + (isResult && Array.isArray(block.content) ? 1 : 0),
  };
}

function emptyMessage(reply: ServedReply, usage: UsageJson | undefined): object {
  return {
    id: reply.id,
    type: "message",
    role: "assistant",
    model: reply.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage }),
  };
}

function stopFields(reply: ServedReply): object {
  const refusal = reply.refusalCategory;
  return {
    stop_reason: reply.stopReason,
    stop_sequence: reply.stopSequence,
    ...(refusal === null
      ? {}
      : {
          stop_details: {
            type: "refusal",
            category: refusal,
            explanation: "This request goes against the usage policy.",
          },
        }),
  };
}

function openBlock(block: ReplyBlock): object {
  switch (block.type) {
    case "text":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: {} };
    case "server_tool_use":
      return { ...block, input: {} };
    case "web_search_tool_result":
      return block;
    default:
      return unreachable(block);
  }
}

function wholeBlock(block: ReplyBlock): object {
  switch (block.type) {
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: parsed(block.json) };
    case "thinking":
      return { type: "thinking", thinking: block.thinking, signature: block.signature };
    case "text":
    case "server_tool_use":
    case "web_search_tool_result":
      return block;
    default:
      return unreachable(block);
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

interface Delta {
  readonly delta: object;
  /** Of this block, up to and including this delta. */
  readonly outputTokens: number;
}

function* deltasOf(block: ReplyBlock, chunkChars: number): Generator<Delta> {
  switch (block.type) {
    case "text":
      for (const { chunk, soFar } of chunks(block.text, chunkChars)) {
        yield { delta: { type: "text_delta", text: chunk }, outputTokens: textTokens(soFar) };
      }
      return;
    case "thinking":
      for (const { chunk, soFar } of chunks(block.thinking, chunkChars)) {
        yield {
          delta: { type: "thinking_delta", thinking: chunk },
          outputTokens: textTokens(soFar),
        };
      }
      yield {
        delta: { type: "signature_delta", signature: block.signature },
        outputTokens: block.tokens,
      };
      return;
    case "tool_use":
      yield* jsonDeltas(block.name, block.json, chunkChars);
      return;
    case "server_tool_use":
      yield* jsonDeltas(block.name, JSON.stringify(block.input), chunkChars);
      return;
    case "web_search_tool_result":
  }
}

function* jsonDeltas(name: string, json: string, chunkChars: number): Generator<Delta> {
  const delta = (partial: string): object => ({ type: "input_json_delta", partial_json: partial });
  yield { delta: delta(""), outputTokens: toolUseTokens(name, "") };
  for (const { chunk, soFar } of chunks(json, chunkChars)) {
    yield { delta: delta(chunk), outputTokens: toolUseTokens(name, soFar) };
  }
}

/** Never splits a surrogate pair: each delta is whole Unicode. */
function* chunks(text: string, size: number): Generator<{ chunk: string; soFar: string }> {
  let from = 0;
  while (from < text.length) {
    let to = Math.min(text.length, from + size);
    if (/[\uD800-\uDBFF]/.test(text.charAt(to - 1)) && to < text.length) to += 1;
    yield { chunk: text.slice(from, to), soFar: text.slice(0, to) };
    from = to;
  }
}
