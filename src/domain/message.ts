// The conversation of a run as the Messages API speaks it. Blocks that the model wrote are kept
// verbatim, key order included: its thinking is bound to every byte before it.

export interface TextBlock {
  readonly type: "text";
  readonly text: string;
}

export interface ToolUseBlock {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export interface ToolResultBlock {
  readonly type: "tool_result";
  readonly tool_use_id: string;
  readonly content: string;
  readonly is_error?: boolean;
}

/** A block that Pawl carries but does not read: thinking, citations, server tools, what comes next. */
export interface OpaqueBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type Block = TextBlock | ToolUseBlock | ToolResultBlock | OpaqueBlock;

export interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly content: readonly Block[];
}

export function isText(block: Block): block is TextBlock {
  return block.type === "text";
}

export function isToolUse(block: Block): block is ToolUseBlock {
  return block.type === "tool_use";
}

export function isToolResult(block: Block): block is ToolResultBlock {
  return block.type === "tool_result";
}

export function userMessage(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

/** An instruction of ours in mid-conversation; never holds text from a tool or a user. */
export function systemNote(text: string): Message {
  return { role: "system", content: [{ type: "text", text }] };
}

/** The one answer to a tool call. */
export function toolAnswer(toolUseId: string, content: string, isError: boolean): Message {
  const block = { type: "tool_result", tool_use_id: toolUseId, content };
  return { role: "user", content: [isError ? { ...block, is_error: true } : block] };
}

/** The provider has begun a call of its own tool and wants to end it first: only answers may follow. */
/** What a tool said, of the message that tells it. */
export function answerText({ content }: Message): string {
  return content.map(textIn).join("");
}

export function hasOpenServerCall({ content }: Message): boolean {
  const ended = content.map((block) => ("tool_use_id" in block ? block.tool_use_id : undefined));
  return content.some(
    (block) => block.type === "server_tool_use" && "id" in block && !ended.includes(block["id"]),
  );
}

/**
 * The id of a call that is not answered by the very next message; null where none is. The API refuses such a
 * conversation, so nobody need ask it.
 */
export function openCallIn(messages: readonly Message[]): string | null {
  for (const [index, message] of messages.entries()) {
    const calls = message.role === "assistant" ? message.content.filter(isToolUse) : [];
    const next = messages[index + 1]?.content ?? [];
    const answered = next.map((block) => ("tool_use_id" in block ? block.tool_use_id : undefined));
    const open = calls.find(({ id }) => !answered.includes(id));
    if (open !== undefined) return open.id;
  }
  return null;
}

export function isThinking({ type }: Block): boolean {
  return type === "thinking" || type === "redacted_thinking";
}

/** For a place behind other messages than those that its thinking is bound to. */
export function withoutThinking({ role, content }: Message): Message {
  return { role, content: content.filter((block) => !isThinking(block)) };
}

export function textOf(message: Message): string {
  return message.content
    .filter(isText)
    .map((block) => block.text)
    .join("");
}

/** Characters of what is surely text in it: what was said and thought in the open, and the arguments and answers of tools. */
export function charsOf({ content }: Message): number {
  return content.reduce((sum, block) => sum + textIn(block).length, 0);
}

function textIn(block: Block): string {
  const { type } = block;
  if ("text" in block && typeof block.text === "string") return block.text;
  if (type === "thinking" && "thinking" in block) return asText(block["thinking"]);
  if ("input" in block) return JSON.stringify(block.input) ?? "";
  return type === "tool_result" && "content" in block ? asText(block.content) : "";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Neighbours of one role become one message. The API wants all answers to parallel tool calls in a
 * single user message, results before text; entries arrive in that order and are only ever appended.
 */
export function mergeNeighbours(entries: readonly Message[]): Message[] {
  const merged: Message[] = [];
  for (const entry of entries) {
    const last = merged.at(-1);
    if (last?.role === entry.role && entry.role === "user") {
      merged[merged.length - 1] = {
        role: entry.role,
        content: [...last.content, ...entry.content],
      };
    } else {
      merged.push(entry);
    }
  }
  return merged;
}
