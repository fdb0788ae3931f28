// How many tokens a prompt or a reply has. Deterministic and additive: a block counts the same in a
// reply and in every later prompt, so the next prompt never exceeds
//   last prompt + last reply + UTF-8 bytes of what was added + 16 for each message added.
// T1 A part never counts more tokens than its JSON has bytes.  T2 Signatures of thinking are free.

import {
  blocksOf,
  canonical,
  systemBlocks,
  type PromptParams,
  type RequestBlock,
} from "./request.ts";

const BYTES_PER_TOKEN = 3.5;
const IMAGE_TOKENS_MAX = 1_600;
const MESSAGE_TOKENS = 4;
/** What the provider adds to the prompt wherever tools are offered. */
const TOOL_PROMPT_TOKENS = 300;

export type CacheTtl = "5m" | "1h";

/** A part of the prompt in the order in which the model reads it: tools, system, messages. */
export interface Segment {
  readonly section: "tools" | "system" | "messages";
  readonly path: string;
  readonly tokens: number;
  readonly bytes: string;
  readonly breakpoint?: CacheTtl;
}

export function textTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The most bytes that still count `tokens`. */
export function bytesWithin(tokens: number): number {
  return Math.floor(tokens * BYTES_PER_TOKEN);
}

export function toolUseTokens(name: string, inputJson: string): number {
  return textTokens(name + inputJson);
}

export function blockTokens(block: RequestBlock): number {
  if (block.type === "text") return textTokens(block.text);
  if (block.type === "thinking") return textTokens(block.thinking);
  if (block.type === "redacted_thinking") return 0;
  if (block.type === "tool_use" || block.type === "server_tool_use") {
    return toolUseTokens(block.name, JSON.stringify(block.input));
  }
  if (block.type !== "tool_result") return partTokens(block);
  if (typeof block.content === "string") return textTokens(block.content);
  return (block.content ?? []).reduce((sum, part) => sum + partTokens(part), 0);
}

/** Parts that only ever travel from the client, or as results of server tools. */
export function partTokens(part: { readonly type: string }): number {
  const tokens = textTokens(
    "text" in part && typeof part.text === "string" ? part.text : canonical(part),
  );
  return part.type === "image" ? Math.min(IMAGE_TOKENS_MAX, tokens) : tokens;
}

/** `dropped` holds the blocks that this model can't read: they are no part of its prompt. */
export function segmentsOf(prompt: PromptParams, dropped: ReadonlySet<RequestBlock>): Segment[] {
  const tools = (prompt.tools ?? []).map((tool, index) => ({
    section: "tools" as const,
    path: `tools.${index}`,
    tokens: textTokens(canonical(tool)) + (index === 0 ? TOOL_PROMPT_TOKENS : 0),
    bytes: canonical(tool),
    ...breakpointOf(tool),
  }));
  const system = systemBlocks(prompt).map((block, index) => ({
    section: "system" as const,
    path: `system.${index}`,
    tokens: textTokens(block.text),
    bytes: canonical(block),
    ...breakpointOf(block),
  }));
  const messages = prompt.messages.flatMap((message, index) => {
    const kept = blocksOf(message).filter((block) => !dropped.has(block));
    return kept.map((block, position) => ({
      section: "messages" as const,
      path: `messages.${index}.content.${position}`,
      tokens: blockTokens(block) + (position === 0 ? MESSAGE_TOKENS : 0),
      bytes: `${message.role}:${canonical(block)}`,
      ...breakpointOf(block),
    }));
  });
  return [...tools, ...system, ...messages];
}

export function promptTokens(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.tokens, 0);
}

function breakpointOf(part: object): { breakpoint?: CacheTtl } {
  if (!("cache_control" in part)) return {};
  const control = part.cache_control;
  if (typeof control !== "object" || control === null) return {};
  return { breakpoint: "ttl" in control && control.ttl === "1h" ? "1h" : "5m" };
}
