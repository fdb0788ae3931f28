// Puts a streamed reply together from its raw events. It keeps what the SDK's own accumulator mends
// or hides: whether the arguments of a tool call were closed and valid JSON. A reply counts only
// once `message_stop` was seen, begins once, and nothing of it comes before or behind that. An empty
// text is left out: the API gives it and won't take it back.

import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { isText, type Block } from "../domain/message.ts";
import type { Usage } from "../domain/usage.ts";
import { present } from "../domain/present.ts";
import { CallNames } from "./call-names.ts";
import { ModelCallError, type ArgumentsSoFar, type ModelReply, type ReplyHeard } from "./model.ts";
import { UsageMeter } from "./usage-meter.ts";

type WirePart = Record<string, unknown> & { type: string };

interface VisibleText {
  readonly text: string;
  readonly offset: number;
}

interface OpenBlock {
  readonly block: WirePart;
  json: string;
  closed: boolean;
}

export class ReplyBuilder {
  readonly #blocks: OpenBlock[] = [];
  readonly #names = new CallNames();
  readonly #meter: UsageMeter;
  #model = "";
  #stopReason: string | null = null;
  #refusalCategory: string | undefined;
  #finished = false;
  #textLength = 0;
  #writing: ArgumentsSoFar | null = null;
  #argumentChars = 0;

  constructor(cacheTtl?: "5m" | "1h") {
    this.#meter = new UsageMeter(cacheTtl);
  }

  get usage(): Usage {
    return this.#meter.soFar;
  }

  /** Who answers; empty until the provider has said it, and what the prompt weighs. */
  get model(): string {
    return this.#model;
  }

  /** Blocks of content that have begun. */
  get blocks(): number {
    return this.#blocks.length;
  }

  /** The call whose arguments are being written; null where it is anything else. */
  get writing(): ArgumentsSoFar | null {
    return this.#writing;
  }

  /** Returns the visible text that the event added, with the offset where it begins. */
  take(event: RawMessageStreamEvent): VisibleText | null {
    try {
      return this.#take(event);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      const message = `The reply makes no sense: ${what}`;
      throw new ModelCallError("PROVIDER_STREAM_INVALID", message, {
        billing: "unknown",
        isSaid: true,
        cause,
      });
    }
  }

  #take(event: RawMessageStreamEvent): VisibleText | null {
    if (PARTS.includes(event.type)) this.#checkPlace(event.type);
    switch (event.type) {
      case "message_start":
        this.#model = nameIn(event.message.model);
        this.#meter.read(event.message.usage);
        return null;
      case "content_block_start":
        return this.#open(event.index, { ...event.content_block });
      case "content_block_delta":
        return this.#grow(event.index, { ...event.delta });
      case "content_block_stop":
        this.#at(event.index).closed = true;
        this.#writing = null;
        return null;
      case "message_delta":
        this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
        this.#refusalCategory = event.delta.stop_details?.category ?? this.#refusalCategory;
        this.#meter.read(event.usage);
        return null;
      case "message_stop":
        this.#finished = true;
        return null;
      default:
        // The API may add events at any time; those we don't know change nothing.
        return null;
    }
  }

  /** Null where the stream ended before the reply was complete. Throws where it has no price. */
  finish(requestId: string | null): ModelReply | null {
    if (!this.#finished || this.#stopReason === null) return null;
    const invalidCalls: string[] = [];
    // The API writes text of nothing but white space, and refuses to be sent it back.
    const content = this.#blocks
      .filter(({ block }) => block.type !== "text" || asText(block["text"]).trim() !== "")
      .map((open) => finishedBlock(open, invalidCalls));
    return {
      message: { role: "assistant", content },
      model: this.#model,
      stopReason: this.#stopReason,
      ...present({ refusalCategory: this.#refusalCategory }),
      usage: this.#meter.total(),
      contradictions: this.#meter.contradictions,
      invalidCalls,
      requestId,
    };
  }

  /** Null where the reply had not begun. */
  heard(requestId: string | null): ReplyHeard | null {
    if (this.#model === "") return null;
    const message = { role: "assistant", content: keptBlocks(this.#blocks) } as const;
    return { message, model: this.#model, usage: this.#meter.soFar, requestId };
  }

  #checkPlace(type: string): void {
    if (this.#finished) throw new Error(`${type} came behind its end`);
    const hasBegun = this.#model !== "";
    if (type === "message_start" && hasBegun) throw new Error("it began twice");
    if (type !== "message_start" && !hasBegun) throw new Error(`${type} came before it began`);
  }

  #open(index: number, block: WirePart): VisibleText | null {
    if (index !== this.#blocks.length) throw new Error(`content block ${index} came out of turn`);
    this.#names.take(block);
    this.#blocks.push({ block, json: "", closed: false });
    return block.type === "text" ? this.#visible(asText(block["text"])) : null;
  }

  #grow(index: number, delta: WirePart): VisibleText | null {
    const open = this.#at(index);
    const { block } = open;
    switch (delta.type) {
      case "text_delta":
        this.#append(block, "text", delta);
        return this.#visible(asText(delta["text"]));
      case "thinking_delta":
        this.#append(block, "thinking", delta);
        return null;
      case "signature_delta":
        block["signature"] = delta["signature"];
        return null;
      case "input_json_delta":
        this.#write(open, asText(delta["partial_json"]));
        return null;
      case "citations_delta":
        block["citations"] = [...asList(block["citations"]), delta["citation"]];
        return null;
      default:
        return null;
    }
  }

  #write(open: OpenBlock, json: string): void {
    open.json += json;
    this.#argumentChars += json.length;
    const tool = asText(open.block["name"]);
    this.#writing = { tool, chars: open.json.length, charsOfAll: this.#argumentChars };
  }

  #append(block: WirePart, field: string, delta: WirePart): void {
    block[field] = asText(block[field]) + asText(delta[field]);
  }

  #visible(text: string): VisibleText | null {
    if (text === "") return null;
    const offset = this.#textLength;
    this.#textLength += text.length;
    return { text, offset };
  }

  #at(index: number): OpenBlock {
    const open = this.#blocks[index];
    if (open === undefined || open.closed) throw new Error(`content block ${index} is not open`);
    return open;
  }
}

/**
 * Of a reply that was stopped. A call that nobody executes would need an answer, so calls go; thinking
 * is bound to every byte before it, so it stays only where nothing has gone, and a citation likewise,
 * for it names what a server tool found.
 */
function keptBlocks(blocks: readonly OpenBlock[]): Block[] {
  const kept: Block[] = [];
  let isWhole = true;
  for (const { block, closed } of blocks) {
    const { type } = block;
    if (type === "text") {
      const text = asText(block["text"]);
      if (text.trim() !== "") kept.push(isWhole && closed ? block : { type, text });
    } else if (isWhole && closed && THINKING.includes(type)) {
      kept.push(block);
    } else {
      isWhole = false;
    }
  }
  // No message may end in thinking.
  return kept.slice(0, kept.findLastIndex(isText) + 1);
}

/** Events that a reply is made of; any others may come at any time. */
const PARTS: readonly string[] = [
  "message_start",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "message_delta",
  "message_stop",
];

function nameIn(model: unknown): string {
  if (typeof model !== "string" || model === "") throw new Error("it names no model");
  return model;
}

const THINKING: readonly string[] = ["thinking", "redacted_thinking"];

function finishedBlock({ block, json, closed }: OpenBlock, invalidCalls: string[]): Block {
  if (block.type !== "tool_use" && block.type !== "server_tool_use") return block;
  const input = json === "" ? (block["input"] ?? {}) : parseObject(json);
  if (closed && input !== undefined) return { ...block, input };
  invalidCalls.push(asText(block["id"]));
  return { ...block, input: {} };
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
