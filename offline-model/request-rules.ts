// The second gate: what the schema can't say about model, limits, thinking, tools and cache marks.
// Texts follow the API's where they are known; only status and type are contract.

import { ApiError, invalidRequest } from "./api-error.ts";
import { breakpoints } from "./cache.ts";
import { badPropertyKeys, PROPERTY_KEY } from "../src/domain/tool-schema.ts";
import { servedModel, type ServedModel } from "./model-rules.ts";
import type { MessagesRequest, PromptParams, RequestTool } from "./request.ts";
import { segmentsOf, type Segment } from "./tokens.ts";

const CACHE_BREAKPOINTS_MAX = 4;
const THINKING_BUDGET_MIN = 1_024;
const MESSAGES_MAX = 100_000;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

export function modelOf(id: string): ServedModel {
  const model = servedModel(id);
  if (model === undefined) throw new ApiError(404, "not_found_error", `model: ${id}`);
  return model;
}

export function checkPrompt(prompt: PromptParams, model: ServedModel): void {
  if (prompt.messages.length === 0)
    throw invalidRequest("messages: at least one message is required");
  if (prompt.messages.length > MESSAGES_MAX) {
    throw invalidRequest(`messages: List should have at most ${MESSAGES_MAX} items`);
  }
  checkThinkingType(prompt, model);
  checkEffort(prompt, model);
  checkTools(prompt.tools ?? []);
  checkToolChoice(prompt, model);
  checkBreakpoints(prompt, segmentsOf(prompt, new Set()));
}

export function checkReplyLimits(request: MessagesRequest, model: ServedModel): void {
  const { max_tokens: maxTokens, thinking } = request;
  if (!Number.isInteger(maxTokens) || maxTokens < 0) {
    throw invalidRequest("max_tokens: Input should be a valid integer, greater than or equal to 0");
  }
  if (maxTokens > model.spec.replyTokensMax) {
    throw invalidRequest(
      `max_tokens: ${maxTokens} > ${model.spec.replyTokensMax}, which is the maximum allowed number of output tokens for ${model.id}`,
    );
  }
  if (maxTokens === 0) checkCacheWarming(request);
  if (thinking?.type !== "enabled") return;
  if (thinking.budget_tokens < THINKING_BUDGET_MIN) {
    throw invalidRequest(
      `thinking.enabled.budget_tokens: Input should be greater than or equal to ${THINKING_BUDGET_MIN}`,
    );
  }
  if (thinking.budget_tokens >= maxTokens) {
    throw invalidRequest("`max_tokens` must be greater than `thinking.budget_tokens`.");
  }
}

/** `max_tokens: 0` only warms the cache: whatever asks for a reply contradicts it. */
function checkCacheWarming(request: MessagesRequest): void {
  const contradiction =
    (request.stream === true && "stream") ||
    (isForced(request) && "tool_choice") ||
    (request.output_config?.format && "output_config.format");
  if (contradiction) throw invalidRequest(`max_tokens: 0 can't be combined with ${contradiction}`);
}

export function checkContext(promptTokens: number, model: ServedModel): void {
  const { contextTokens } = model.spec;
  if (promptTokens > contextTokens) {
    throw invalidRequest(`prompt is too long: ${promptTokens} tokens > ${contextTokens} maximum`);
  }
}

function checkThinkingType({ thinking }: PromptParams, model: ServedModel): void {
  if (thinking === undefined || model.thinking.includes(thinking.type)) return;
  const use = model.thinking.map((type) => `"thinking.type.${type}"`).join(" or ");
  throw invalidRequest(
    `"thinking.type.${thinking.type}" is not supported for this model. Use ${use}.`,
  );
}

function checkEffort({ output_config }: PromptParams, model: ServedModel): void {
  const effort = output_config?.effort;
  if (effort === undefined || effort === null || model.effort.includes(effort)) return;
  throw invalidRequest(
    model.effort.length === 0
      ? "This model does not support the effort parameter."
      : `This model does not support effort level '${effort}'. Supported levels: ${model.effort.join(", ")}.`,
  );
}

function checkTools(tools: readonly RequestTool[]): void {
  const seen = new Set<string>();
  tools.forEach((tool, index) => {
    const name = "name" in tool ? tool.name : tool.type;
    if (!TOOL_NAME.test(name)) {
      throw invalidRequest(
        `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`,
      );
    }
    checkKeys(tool, index);
    if (seen.has(name)) throw invalidRequest("tools: Tool names must be unique.");
    seen.add(name);
  });
}

function checkKeys(tool: RequestTool, index: number): void {
  const bad = "input_schema" in tool ? badPropertyKeys(tool.input_schema) : [];
  if (bad.length === 0) return;
  throw invalidRequest(
    `tools.${index}.custom.input_schema.properties: Property keys should match pattern '${PROPERTY_KEY.source}'`,
  );
}

function checkToolChoice(prompt: PromptParams, model: ServedModel): void {
  const { tool_choice: choice, tools = [] } = prompt;
  if (choice === undefined) return;
  if (tools.length === 0 && choice.type !== "none") {
    throw invalidRequest("tool_choice may only be specified while providing tools.");
  }
  if (isForced(prompt) && !model.forcedToolChoice) {
    throw invalidRequest(
      `tool_choice: '${choice.type}' is not supported for this model. Use 'auto' or 'none'.`,
    );
  }
  if (isForced(prompt) && prompt.thinking?.type === "enabled") {
    throw invalidRequest("Thinking may not be enabled when tool_choice forces tool use.");
  }
  const known = tools.some(
    (tool) => "name" in tool && choice.type === "tool" && tool.name === choice.name,
  );
  if (choice.type === "tool" && !known) {
    throw invalidRequest(`Tool '${choice.name}' not found in provided tools`);
  }
}

export function isForced({ tool_choice }: PromptParams): boolean {
  return tool_choice?.type === "any" || tool_choice?.type === "tool";
}

function checkBreakpoints(prompt: PromptParams, segments: readonly Segment[]): void {
  const marks = breakpoints(prompt, segments);
  if (marks.length > CACHE_BREAKPOINTS_MAX) {
    throw invalidRequest(
      `A maximum of ${CACHE_BREAKPOINTS_MAX} blocks with cache_control may be provided. Found ${marks.length}.`,
    );
  }
  const first5m = marks.findIndex(({ ttl }) => ttl === "5m");
  const late = marks.find(({ ttl }, index) => ttl === "1h" && first5m !== -1 && index > first5m);
  if (late === undefined) return;
  throw invalidRequest(
    `${segments[late.at]?.path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`,
  );
}
