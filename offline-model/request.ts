// A Messages request once it has passed the schema, in the SDK's own types.

import type {
  ContentBlockParam,
  MessageCountTokensParams,
  MessageCreateParamsBase,
  MessageParam,
  TextBlockParam,
  ToolUnion,
} from "@anthropic-ai/sdk/resources/messages/messages";

export type MessagesRequest = MessageCreateParamsBase;
export type CountTokensRequest = MessageCountTokensParams;
export type RequestMessage = MessageParam;
export type RequestBlock = ContentBlockParam;
export type RequestTool = ToolUnion;

/** What both endpoints read: everything that is part of the prompt. */
export type PromptParams = Pick<
  MessagesRequest,
  | "model"
  | "messages"
  | "system"
  | "tools"
  | "tool_choice"
  | "thinking"
  | "output_config"
  | "cache_control"
>;

/** A string is short for one text block; everything behind this line sees blocks only. */
export function blocksOf(message: RequestMessage): readonly RequestBlock[] {
  const { content } = message;
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

export function systemBlocks(prompt: Pick<PromptParams, "system">): readonly TextBlockParam[] {
  const { system } = prompt;
  if (system === undefined) return [];
  return typeof system === "string" ? [{ type: "text", text: system }] : system;
}

export interface PlacedBlock {
  readonly block: RequestBlock;
  /** `messages.3.content.0`, as error messages name it. */
  readonly path: string;
}

export interface Turn {
  readonly role: RequestMessage["role"];
  /** Index of its first message in the request. */
  readonly index: number;
  readonly blocks: readonly PlacedBlock[];
}

/** Neighbouring messages of one role count as one turn, as the API has it. */
export function turnsOf(messages: readonly RequestMessage[]): Turn[] {
  const turns: Turn[] = [];
  messages.forEach((message, index) => {
    const blocks = blocksOf(message).map((block, position) => ({
      block,
      path: `messages.${index}.content.${position}`,
    }));
    const last = turns.at(-1);
    if (last?.role === message.role) {
      turns[turns.length - 1] = { ...last, blocks: [...last.blocks, ...blocks] };
    } else {
      turns.push({ role: message.role, index, blocks });
    }
  });
  return turns;
}

/**
 * The bytes of a block as signatures and cache keys see them. Key order stays as it was sent:
 * a client that re-orders keys has changed the prompt. Cache marks are no part of the prompt.
 */
export function canonical(part: object): string {
  return JSON.stringify(part, (key, value: unknown) =>
    key === "cache_control" ? undefined : value,
  );
}
