// The Messages API through Anthropic's SDK. Always streamed; the SDK's own retries are off, because
// an attempt that the ledger does not know of would be money that no cap can see.

import { AsyncLocalStorage } from "node:async_hooks";
import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";
import type { Message } from "../domain/message.ts";
import { present } from "../domain/present.ts";
import { markFor, withBreakpoint } from "./cache-breakpoint.ts";
import { Journey } from "./journey.ts";
import { replyTo, type Ears } from "./live-call.ts";
import { countsNoTokens, toModelCallError } from "./map-error.ts";
import { ModelCallError, type Model, type ModelRequest } from "./model.ts";
import { tappedFetch, type StreamTimers } from "./stream-clock.ts";

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

/** Whoever answers at all answers this in time. */
const PING_MS = 10_000;

export function anthropicModel(options: AnthropicOptions): Model {
  const ears = new AsyncLocalStorage<Ears>();
  const client = clientFor(options, ears);
  const headersFor = (runId: string): Record<string, string> =>
    options.offline ? { "x-pawl-run": runId } : {};

  return {
    call: async (request, listener, signal) => {
      const headers = headersFor(request.runId);
      const send = (sending: AbortSignal): Promise<Response> =>
        client.messages.create(bodyOf(request), { signal: sending, headers }).asResponse();
      const { cacheTtl = "5m", firstByteMs = options.timers.firstByteMs } = request;
      const timers = { ...options.timers, firstByteMs };
      const { model } = request;
      return await replyTo({ model, send, ears, timers, cacheTtl }, listener, signal);
    },

    async ping(model, signal): Promise<void> {
      const journey = new Journey();
      try {
        const asked = { signal, timeout: PING_MS };
        const said: unknown = await journey.travel(() => client.models.retrieve(model, {}, asked));
        if (typeof said === "object" && said !== null) return;
        throw new ModelCallError("PROVIDER_UNAVAILABLE", "what answers is no Messages API", {
          billing: "unsent",
        });
      } catch (error) {
        signal.throwIfAborted();
        throw toModelCallError(error, journey.reached).with({ billing: "unsent" });
      }
    },

    async countTokens(request, signal): Promise<number | null> {
      const { model, messages, system, tools } = bodyOf(request);
      const params = { model, messages, ...(system && { system }), ...(tools && { tools }) };
      const journey = new Journey();
      try {
        const options_ = { signal, headers: headersFor(request.runId) };
        const counting = () => client.messages.countTokens(params, options_);
        return (await journey.travel(counting)).input_tokens;
      } catch (error) {
        signal.throwIfAborted();
        if (countsNoTokens(error)) return null;
        throw toModelCallError(error, journey.reached).with({ billing: "unsent" });
      }
    },

    promptBytes({ messages, ...prompt }): number {
      const { system, tools } = bodyOf({ ...prompt, messages: [] });
      return Buffer.byteLength(JSON.stringify([system, tools, messages]));
    },
  };
}

/**
 * One client for all calls, as making one costs as much as a statement to Postgres. Its fetch finds
 * the ears of the call that it works for; counting tokens has none.
 */
function clientFor(options: AnthropicOptions, earsOfCall: AsyncLocalStorage<Ears>): Anthropic {
  const { fetch: send = fetch } = options;
  return new Anthropic({
    fetch: (input, init) => {
      const heard = earsOfCall.getStore();
      return heard === undefined ? send(input, init) : tappedFetch(heard, send)(input, init);
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
