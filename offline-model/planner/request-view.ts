// What the planner reads out of a request: the task at hand, what tools have answered since, which
// tools are on offer, and whether it was told to come to an end.

import {
  blocksOf,
  type MessagesRequest,
  type RequestBlock,
  type RequestMessage,
} from "../request.ts";
import type { ToolAnswer } from "./tool-answer.ts";
import { isAboutSummary, isSummaryAsked, remembered } from "./tool-notes.ts";

export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export interface RequestView {
  readonly task: string;
  /** Since the task was given. */
  readonly answers: readonly ToolAnswer[];
  readonly tools: readonly OfferedTool[];
  readonly serverSearch: { readonly usesMax: number } | undefined;
  /** The newest note of the system says that little is left. */
  readonly mustWrapUp: boolean;
  /** A summary is asked for, and not the next step. */
  readonly mustSumUp: boolean;
}

const GO_ON = /^(please )?(continue|go on|carry on)\b/i;
const WRAP_UP = /\b(wrap up|budget|running low|little is left|finish now|final answer)\b/i;

export function viewOf(request: MessagesRequest): RequestView {
  const { messages, tool_choice: choice } = request;
  const said = messages.map(saidBy);
  const start = taskStart(said);
  const since = messages.slice(start);
  const task = said[start] ?? "";
  const note = since.findLast(({ role }) => role === "system");
  const offered = choice?.type === "none" ? [] : (request.tools ?? []);
  const search = offered.find((tool) => "type" in tool && tool.type?.startsWith("web_search_"));
  const usesMax = search !== undefined && "max_uses" in search ? search.max_uses : undefined;
  return {
    task,
    answers: answersIn(since.flatMap(blocksOf)),
    tools: offered.flatMap((tool) =>
      "input_schema" in tool
        ? [{ name: tool.name, description: tool.description ?? "", inputSchema: tool.input_schema }]
        : [],
    ),
    serverSearch: search === undefined ? undefined : { usesMax: usesMax ?? Infinity },
    mustWrapUp: note !== undefined && WRAP_UP.test(JSON.stringify(note.content)),
    mustSumUp: textsOf(messages.at(-1)).some(isSummaryAsked),
  };
}

export function hasTool(view: RequestView, name: string): boolean {
  return view.tools.some((tool) => tool.name === name);
}

function saidBy(message: RequestMessage): string {
  const texts = textsOf(message).filter((text) => !isAboutSummary(text));
  return texts.join("\n").trim();
}

function textsOf(message: RequestMessage | undefined): string[] {
  if (message?.role !== "user") return [];
  return blocksOf(message).flatMap((block) => (block.type === "text" ? [block.text] : []));
}

/** The newest thing a person asked for; "please continue" asks for what came before it. */
function taskStart(said: readonly string[]): number {
  const asked = said.findLastIndex((text) => text !== "" && !GO_ON.test(text));
  return Math.max(0, asked);
}

function answersIn(blocks: readonly RequestBlock[]): ToolAnswer[] {
  const calls = new Map(
    blocks.flatMap((block) =>
      block.type === "tool_use" || block.type === "server_tool_use" ? [[block.id, block]] : [],
    ),
  );
  return blocks.flatMap((block) => {
    if (block.type === "text") return remembered(block.text);
    if (block.type !== "tool_result" && block.type !== "web_search_tool_result") return [];
    const call = calls.get(block.tool_use_id);
    if (call === undefined) return [];
    const isError =
      block.type === "tool_result" ? block.is_error === true : !Array.isArray(block.content);
    return [{ tool: call.name, input: call.input, text: textOf(block), isError }];
  });
}

function textOf(block: RequestBlock): string {
  if (block.type === "web_search_tool_result") {
    if (!Array.isArray(block.content)) return block.content.error_code;
    return block.content.map((hit) => decodeHit(hit.encrypted_content)).join("\n");
  }
  if (block.type !== "tool_result") return "";
  if (typeof block.content === "string") return block.content;
  return (block.content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

/** Search results travel as the API's do: opaque to the client, readable here. */
export function encodeHit(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decodeHit(encrypted: string): string {
  return Buffer.from(encrypted, "base64").toString("utf8");
}
