// A reply that comes whole, and not as a stream, in the same form: see reply-builder.ts.

import type { Message } from "@anthropic-ai/sdk/resources/messages";
import type { Block } from "../domain/message.ts";
import { CallNames } from "./call-names.ts";
import type { ModelReply } from "./model.ts";
import { UsageMeter } from "./usage-meter.ts";

/**
 * Throws a ModelCallError where the reply has no price, or calls that can't be told apart. A batch asks the cache
 * for an hour.
 */
export function wholeReply(message: Message, cacheTtl: "5m" | "1h" = "1h"): ModelReply {
  const meter = new UsageMeter(cacheTtl);
  meter.read(message.usage);
  const category = message.stop_details?.category;
  const names = new CallNames();
  for (const block of message.content) names.take({ ...block });
  const invalidCalls: string[] = [];
  const content = message.content
    .map((block): Block => ({ ...block }))
    .filter((block) => block.type !== "text" || String(block["text"]).trim() !== "")
    .map((block) => withReadableInput(block, invalidCalls));
  return {
    message: { role: "assistant", content },
    // A name that is none is told by whoever charges the reply.
    model: typeof message.model === "string" ? message.model : "",
    stopReason: message.stop_reason ?? "none",
    ...(typeof category === "string" ? { refusalCategory: category } : {}),
    usage: meter.total(),
    contradictions: meter.contradictions,
    invalidCalls,
    requestId: null,
  };
}

function withReadableInput(block: Block, invalidCalls: string[]): Block {
  if (block.type !== "tool_use" && block.type !== "server_tool_use") return block;
  const input = "input" in block ? block.input : undefined;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return block;
  invalidCalls.push("id" in block ? String(block.id) : "");
  return { ...block, input: {} };
}
