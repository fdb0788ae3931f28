// The Messages API through Anthropic's SDK. Always streamed; the SDK's own retries are off, because
// an attempt that the ledger does not know of would be money that no cap can see.

import { AsyncLocalStorage } from "node:async_hooks";
import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";
import type { Message } from "../domain/message.ts";
import { present } from "../domain/present.ts";
import { markFor, withBreakpoint } from "./cache-breakpoint.ts";
import { toModelCallError } from "./map-error.ts";
import {
  CallAborted,
  ModelCallError,
  type Model,
  type ModelReply,
  type ModelRequest,
} from "./model.ts";
import { rateLimitsIn } from "./rate-limit-headers.ts";
import { ReplyBuilder } from "./reply-builder.ts";
import { StreamClock, tappedFetch, type StreamTimers } from "./stream-clock.ts";

export interface AnthropicOptions {
  readonly apiKey: string;
  readonly baseUrl: string | undefined;
  readonly timers: StreamTimers;
  /** The offline model files its billing record by run; the real API is told nothing. */
  readonly offline: boolean;
  /** Through a proxy, where the environment has one. */
  readonly fetch?: typeof fetch;
}

type Prompt = Omit<ModelRequest, "messages">;

export function anthropicModel(options: AnthropicOptions): Model {
  const clockOfCall = new AsyncLocalStorage<StreamClock>();
  const client = clientFor(options, clockOfCall);
  const headersFor = (runId: string): Record<string, string> =>
    options.offline ? { "x-pawl-run": runId } : {};

  return {
    async call(request, listener, signal): Promise<ModelReply> {
      const clock = new StreamClock(options.timers);
      const builder = new ReplyBuilder(request.cacheTtl);
      let streaming = false;
      let requestId: string | null = null;
      try {
        const { data: stream, response } = await clockOfCall.run(clock, () =>
          client.messages
            .create(bodyOf(request), {
              signal: AbortSignal.any([signal, clock.signal]),
              headers: headersFor(request.runId),
            })
            .withResponse(),
        );
        streaming = true;
        requestId = response.headers.get("request-id");
        const limits = rateLimitsIn(response.headers);
        if (limits !== null) listener.limits?.(limits);
        for await (const event of stream) {
          clock.progressed();
          const seen = builder.take(event);
          if (seen !== null) listener.text(seen.text, seen.offset);
          listener.alive(builder.usage, builder.writing);
        }
        const reply = builder.finish(requestId);
        if (reply !== null) return reply;
        throwIfAborted(signal, clock);
        throw new Error("the stream ended before message_stop");
      } catch (error) {
        if (signal.aborted) throw new CallAborted(signal, builder.heard(requestId));
        clock.signal.throwIfAborted();
        throw toModelCallError(error, streaming);
      } finally {
        clock.stop();
      }
    },

    async countTokens(request, signal): Promise<number> {
      const { model, messages, system, tools } = bodyOf(request);
      const params = { model, messages, ...(system && { system }), ...(tools && { tools }) };
      try {
        const options_ = { signal, headers: headersFor(request.runId) };
        return (await client.messages.countTokens(params, options_)).input_tokens;
      } catch (error) {
        signal.throwIfAborted();
        const known = toModelCallError(error, false);
        throw new ModelCallError(known.code, known.message, {
          billing: "unsent",
          retryAfterMs: known.retryAfterMs,
          cause: error,
        });
      }
    },

    promptBytes(prompt, messages): number {
      const { system, tools } = bodyOf({ ...prompt, messages: [] });
      return Buffer.byteLength(JSON.stringify([system, tools, messages]));
    },
  };
}

/**
 * One client for all calls, as making one costs as much as a statement to Postgres. Its fetch finds
 * the clock of the call that it works for; counting tokens has none.
 */
function clientFor(
  options: AnthropicOptions,
  clockOfCall: AsyncLocalStorage<StreamClock>,
): Anthropic {
  const { fetch: send = fetch } = options;
  return new Anthropic({
    fetch: (input, init) => {
      const clock = clockOfCall.getStore();
      return clock === undefined ? send(input, init) : tappedFetch(clock, send)(input, init);
    },
    apiKey: options.apiKey,
    ...present({ baseURL: options.baseUrl }),
    maxRetries: 0,
    // Whoever sends us elsewhere is answered like any that refuses: the prompt goes to nobody else.
    fetchOptions: { redirect: "manual" },
    timeout: options.timers.totalMs,
    openTelemetry: false,
    // It would write what the model said to the console when a stream is damaged.
    logLevel: "off",
  });
}

/** An abort ends the SDK's stream silently, as if the reply were over. */
function throwIfAborted(signal: AbortSignal, clock: StreamClock): void {
  signal.throwIfAborted();
  clock.signal.throwIfAborted();
}

function verdictBy(schema: object): object {
  const format = { type: "json_schema", schema };
  return { thinking: { type: "disabled" }, output_config: { format } };
}

/**
 * The same snapshot gives the same bytes in the same order on every call: thinking is bound to the
 * prefix, and the cache is keyed by it.
 */
export function bodyOf(
  request: Prompt & { messages: readonly Message[] },
): MessageCreateParamsStreaming {
  const tools = [
    ...request.tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: inputSchema,
    })),
    ...request.serverTools,
  ];
  const mark = markFor(request.cacheTtl);
  const body = {
    model: request.model,
    max_tokens: request.replyTokensMax,
    stream: true,
    cache_control: mark,
    system: [{ type: "text", text: request.instructions }],
    ...(tools.length > 0 ? { tools } : {}),
    ...(tools.length > 0 && request.toolsOff === true ? { tool_choice: { type: "none" } } : {}),
    messages: withBreakpoint(request.messages, mark, request.ownReplyAt),
    ...(request.verdict === undefined ? {} : verdictBy(request.verdict)),
    metadata: { user_id: request.userId },
  };
  // Messages carry blocks that only the API can check; it does, and strictly.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return body as unknown as MessageCreateParamsStreaming;
}
