// The third gate: the conversation itself. Every `tool_use` has exactly one `tool_result` in the next
// user turn, results come first, and each role holds only what may stand there.

import { invalidRequest } from "./api-error.ts";
import type { ServedModel } from "./model-rules.ts";
import {
  systemBlocks,
  turnsOf,
  type PlacedBlock,
  type PromptParams,
  type Turn,
} from "./request.ts";

const ASSISTANT_ONLY = ["thinking", "redacted_thinking", "tool_use", "server_tool_use"];
const USER_ONLY = ["tool_result", "image", "document", "search_result"];

export function checkConversation(prompt: PromptParams, model: ServedModel): void {
  const turns = turnsOf(prompt.messages);
  checkTexts(prompt);
  checkPlaces(turns);
  checkSystemTurns(turns);
  checkToolsPresent(prompt, turns);
  turns.forEach((turn, index) => {
    checkCalls(turn, turns[index + 1]);
    checkResults(turn, turns[index - 1]);
  });
  checkLastTurn(turns, model);
}

function checkTexts(prompt: PromptParams): void {
  prompt.messages.forEach(({ content, role }, index) => {
    const mayBeEmpty = role === "assistant" && index === prompt.messages.length - 1;
    if (content.length === 0 && !mayBeEmpty) {
      throw invalidRequest(
        `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
      );
    }
    if (typeof content === "string") return;
    const empty = content.some((block) => block.type === "text" && block.text.trim() === "");
    if (empty) throw invalidRequest("messages: text content blocks must be non-empty");
  });
  if (typeof prompt.system === "string") return;
  if (systemBlocks(prompt).some((block) => block.text.trim() === "")) {
    throw invalidRequest("system: text content blocks must be non-empty");
  }
}

function checkPlaces(turns: readonly Turn[]): void {
  for (const { role, blocks } of turns) {
    const foreign = role === "assistant" ? USER_ONLY : ASSISTANT_ONLY;
    for (const { block, path } of blocks) {
      if (foreign.includes(block.type)) {
        throw invalidRequest(
          `${path}: \`${block.type}\` blocks are not permitted in ${role} messages`,
        );
      }
      if (role === "user" && block.type === "text" && (block.citations ?? []).length > 0) {
        throw invalidRequest(`${path}.citations: Extra inputs are not permitted`);
      }
    }
  }
}

/** A system message follows what a user or a tool said; after it only the model may speak. */
function checkSystemTurns(turns: readonly Turn[]): void {
  turns.forEach((turn, index) => {
    if (turn.role !== "system") return;
    const before = turns[index - 1]?.role;
    const after = turns[index + 1]?.role;
    if (before === "user" && (after === undefined || after === "assistant")) return;
    throw invalidRequest(
      `messages.${turn.index}: a \`system\` message must follow a \`user\` message and be last or be followed by an \`assistant\` message`,
    );
  });
}

function checkToolsPresent(prompt: PromptParams, turns: readonly Turn[]): void {
  if ((prompt.tools ?? []).length > 0) return;
  const usesTools = turns.some(({ blocks }) =>
    blocks.some(({ block }) => block.type === "tool_use" || block.type === "tool_result"),
  );
  if (usesTools) {
    throw invalidRequest(
      "Requests which include `tool_use` or `tool_result` blocks must define tools.",
    );
  }
}

function callIds(turn: Turn | undefined): string[] {
  if (turn?.role !== "assistant") return [];
  return turn.blocks.flatMap(({ block }) => (block.type === "tool_use" ? [block.id] : []));
}

function resultIds(blocks: readonly PlacedBlock[]): string[] {
  return blocks.flatMap(({ block }) => (block.type === "tool_result" ? [block.tool_use_id] : []));
}

/** Results stand before any text of the turn that answers: later ones don't count as answers. */
function checkCalls(turn: Turn, next: Turn | undefined): void {
  const calls = callIds(turn);
  if (calls.length === 0) return;
  const blocks = next?.role === "user" ? next.blocks : [];
  const firstOther = blocks.findIndex(({ block }) => block.type !== "tool_result");
  const answered = resultIds(firstOther === -1 ? blocks : blocks.slice(0, firstOther));
  const open = calls.filter((id) => !answered.includes(id));
  if (open.length > 0) {
    throw invalidRequest(
      `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  }
  if (hasOpenServerCall(turn) && firstOther !== -1) {
    throw invalidRequest(
      `messages.${next?.index}: only \`tool_result\` blocks may answer a turn with an unfinished \`server_tool_use\``,
    );
  }
}

function checkResults(turn: Turn, previous: Turn | undefined): void {
  const calls = callIds(previous);
  const seen = new Set<string>();
  for (const { block, path } of turn.blocks) {
    if (block.type !== "tool_result") continue;
    const id = block.tool_use_id;
    if (!calls.includes(id)) {
      throw invalidRequest(
        `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (seen.has(id)) {
      throw invalidRequest(
        `${path}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    }
    seen.add(id);
  }
}

function hasOpenServerCall(turn: Turn): boolean {
  const finished = turn.blocks.flatMap(({ block }) =>
    block.type !== "tool_result" && "tool_use_id" in block ? [block.tool_use_id] : [],
  );
  return turn.blocks.some(
    ({ block }) => block.type === "server_tool_use" && !finished.includes(block.id),
  );
}

/** A paused turn (it ends within server tools) goes on where it stopped; anything else is prefill. */
function checkLastTurn(turns: readonly Turn[], model: ServedModel): void {
  if (turns[0]?.role === "assistant") {
    throw invalidRequest('messages: first message must use the "user" role');
  }
  const last = turns.at(-1);
  if (last?.role !== "assistant" || model.prefill) return;
  const type = last.blocks.at(-1)?.block.type ?? "";
  if (type === "server_tool_use" || type.endsWith("_tool_result")) return;
  throw invalidRequest(
    "This model does not support assistant message prefill. The conversation must end with a user message.",
  );
}
