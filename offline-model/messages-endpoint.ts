// POST /v1/messages: check everything, decide what to say, say it, bill it.

import { ApiError } from "./api-error.ts";
import type { CachePlan } from "./cache.ts";
import { checkConversation } from "./conversation-rules.ts";
import type { Delivery } from "./delivery.ts";
import { deliverMessage, deliverStream } from "./send-reply.ts";
import type { Draft } from "./draft.ts";
import { openMeter, type Exchange } from "./exchange.ts";
import { isHttpFault, isReplyFault, type Fault } from "./faults.ts";
import { answerInstead } from "./http-faults.ts";
import { readJson, sendJson } from "./http.ts";
import type { ServedModel } from "./model-rules.ts";
import { plan as planReply } from "./planner/plan.ts";
import { replyOf } from "./reply.ts";
import { withReplyFault } from "./reply-faults.ts";
import { checkContext, checkPrompt, checkReplyLimits, modelOf } from "./request-rules.ts";
import type { MessagesRequest, PromptParams } from "./request.ts";
import { parseCountTokensRequest, parseMessagesRequest } from "./schema.ts";
import { draftOf, type ScriptEntry } from "./script.ts";
import { verifyThinking } from "./signature.ts";
import type { LoggedRequest, OfflineState } from "./offline-state.ts";
import { promptTokens, segmentsOf, type Segment } from "./tokens.ts";

export async function countTokens(exchange: Exchange): Promise<void> {
  const prompt = parseCountTokensRequest(await readJson(exchange.req));
  const { segments } = checkedPrompt(prompt);
  sendJson(exchange.res, 200, { input_tokens: promptTokens(segments) });
}

export async function createMessage(exchange: Exchange, state: OfflineState): Promise<void> {
  const request = parseMessagesRequest(await readJson(exchange.req));
  const { model, segments } = checkedPrompt(request);
  checkReplyLimits(request, model);
  checkContext(promptTokens(segments), model);

  const { runKey } = exchange;
  const target = { runKey, model: model.id, messages: JSON.stringify(request.messages) };
  const fault = state.faults.take(target);
  const entry = logEntry(exchange, request, fault);
  state.requests.add(entry);
  exchange.gone.addEventListener("abort", () => (entry.state = "done"), { once: true });
  if (fault !== undefined && isHttpFault(fault)) {
    answerInstead(exchange.res, fault);
    return;
  }

  const cachePlan = state.cache.plan(request, segments, model.spec.cacheTokensMin);
  const { inputTokens, write5mTokens, write1hTokens } = cachePlan;
  try {
    state.limiter.admit(exchange.res, model.id, inputTokens + write5mTokens + write1hTokens);
  } catch (error) {
    entry.fault = "limit";
    throw error;
  }
  const script = state.script.take(target);
  await reply({ exchange, state, request, model, cachePlan, fault, script, entry });
}

export function checkedPrompt(prompt: PromptParams): { model: ServedModel; segments: Segment[] } {
  const model = modelOf(prompt.model);
  checkPrompt(prompt, model);
  checkConversation(prompt, model);
  return { model, segments: segmentsOf(prompt, verifyThinking(prompt, model)) };
}

interface ReplyOrder {
  readonly exchange: Exchange;
  readonly state: OfflineState;
  readonly request: MessagesRequest;
  readonly model: ServedModel;
  readonly cachePlan: CachePlan;
  readonly fault: Fault | undefined;
  readonly script: ScriptEntry | undefined;
  readonly entry: LoggedRequest;
}

async function reply(turn: ReplyOrder): Promise<void> {
  const { exchange, state, request, model, cachePlan, fault, script, entry } = turn;
  const meter = openMeter(exchange, {
    billing: state.billing,
    model,
    plan: cachePlan,
    userId: request.metadata?.user_id ?? null,
    wrote: (tokens) => state.limiter.wrote(model.id, tokens),
  });
  const said = replyOf(faulted(drafted(request, script), fault, request), request, model);
  const isFree = said.stopReason === "refusal" && said.outputTokens === 0;
  if (isFree) meter.waive();
  const hold = async (): Promise<void> => {
    entry.state = "held";
    await state.waitingRoom.wait(exchange.requestId, exchange.runKey, exchange.gone);
    if (entry.state === "held") entry.state = "in_flight";
  };
  if (script?.hold === true) await hold();
  const delivery: Delivery = {
    exchange,
    reply: said,
    plan: cachePlan,
    meter,
    fault,
    pace: {
      chunkDelayMs: script?.reply.chunkDelayMs ?? state.pace.chunkDelayMs,
      chunkChars: script?.reply.chunkChars ?? state.pace.chunkChars,
    },
    maxTokens: request.max_tokens,
    hold,
    sent: () => (entry.eventsSent += 1),
  };
  try {
    await (isStreamed(request, fault) ? deliverStream(delivery) : deliverMessage(delivery));
  } catch (error) {
    if (error instanceof ApiError) meter.waive();
    throw error;
  }
}

function isStreamed({ stream }: MessagesRequest, fault: Fault | undefined): boolean {
  return stream === true && fault?.kind !== "whole_json";
}

export function drafted(request: MessagesRequest, script: ScriptEntry | undefined): Draft {
  const isPlanned = script === undefined || script.reply.planned;
  return isPlanned ? planReply(request) : draftOf(script.reply, request);
}

export function faulted(draft: Draft, fault: Fault | undefined, request: MessagesRequest): Draft {
  return fault !== undefined && isReplyFault(fault) ? withReplyFault(draft, fault, request) : draft;
}

function logEntry(
  { requestId, runKey }: Exchange,
  request: MessagesRequest,
  fault: Fault | undefined,
): LoggedRequest {
  return {
    id: requestId,
    runKey,
    model: request.model,
    at: new Date().toISOString(),
    isStream: request.stream === true,
    fault: fault?.kind ?? null,
    eventsSent: 0,
    state: "in_flight",
    body: request,
  };
}
