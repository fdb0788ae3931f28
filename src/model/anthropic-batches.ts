// The Message Batches API through Anthropic's SDK. The body of a request is that of a live call, so a
// run may change lanes between two turns and keeps its thinking and its cache.

import Anthropic, { NotFoundError } from "@anthropic-ai/sdk";
import type { MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources/messages";
import type {
  MessageBatch,
  MessageBatchIndividualResponse,
} from "@anthropic-ai/sdk/resources/messages/batches";
import { bodyOf, type AnthropicOptions } from "./anthropic.ts";
import type { BatchedResult, ProviderBatch, ProviderBatches } from "./provider-batches.ts";
import { Journey } from "./journey.ts";
import { toModelCallError } from "./map-error.ts";
import type { ModelRequest } from "./model.ts";
import { wholeReply } from "./whole-reply.ts";
import { present } from "../domain/present.ts";

/** Small requests that are answered at once; what takes longer is asked again. */
const ANSWER_MS = 30_000;
const PAGE_BATCHES = 100;

export function anthropicBatches(options: Omit<AnthropicOptions, "timers">): ProviderBatches {
  const client = new Anthropic({
    apiKey: options.apiKey,
    ...present({ baseURL: options.baseUrl, fetch: options.fetch }),
    maxRetries: 0,
    // Whoever sends us elsewhere is answered like any that refuses: the prompt goes to nobody else.
    fetchOptions: { redirect: "manual" },
    timeout: ANSWER_MS,
    openTelemetry: false,
    logLevel: "off",
  });
  const { batches } = client.messages;

  return {
    async create(request, customId) {
      const params = batchParams(request);
      const headers = options.offline ? { "x-pawl-run": request.runId } : {};
      const requests = [{ custom_id: customId, params }];
      return await told(async () => (await batches.create({ requests }, { headers })).id, "model");
    },
    async look(providerBatchId) {
      return await told(async () => {
        try {
          return seen(await batches.retrieve(providerBatchId));
        } catch (error) {
          if (error instanceof NotFoundError) return null;
          throw error;
        }
      });
    },
    async resultOf(providerBatchId, customId) {
      return await told(async () => {
        for await (const line of await batches.results(providerBatchId)) {
          if (line.custom_id === customId) return resultIn(line);
        }
        return null;
      });
    },
    async cancel(providerBatchId) {
      await told(() => batches.cancel(providerBatchId));
    },
    async createdBetween(from, to) {
      return await told(async () => {
        const found: ProviderBatch[] = [];
        for await (const batch of batches.list({ limit: PAGE_BATCHES })) {
          const createdAt = new Date(batch.created_at);
          if (createdAt < from) break;
          if (createdAt <= to) found.push(seen(batch));
        }
        return found;
      });
    },
  };
}

/**
 * A batch outlasts the cache of five minutes, so an hour is asked for; but not for the first turn, which
 * may be the last. Marks are no part of the prompt: thinking is not bound to them.
 */
function batchParams(request: ModelRequest): MessageCreateParamsNonStreaming {
  const {
    stream: _streamed,
    cache_control: mark,
    ...params
  } = bodyOf({
    ...request,
    cacheTtl: "1h",
  });
  const isFirst = !request.messages.some(({ role }) => role === "assistant");
  return isFirst || mark === undefined ? params : { ...params, cache_control: mark };
}

async function told<T>(work: () => Promise<T>, about: "model" | "batch" = "batch"): Promise<T> {
  const journey = new Journey();
  try {
    return await journey.travel(work);
  } catch (error) {
    const known = toModelCallError(error, journey.reached, about);
    // Of a batch it is the same whether a prompt was read or more: there may be one.
    throw known.billing === "prompt" ? known.with({ billing: "unknown" }) : known;
  }
}

function seen(batch: MessageBatch): ProviderBatch {
  const counts = Object.values<number>({ ...batch.request_counts });
  return {
    id: batch.id,
    hasEnded: batch.processing_status === "ended",
    requestCount: counts.reduce((sum, count) => sum + count, 0),
    createdAt: batch.created_at,
    endedAt: batch.ended_at,
  };
}

function resultIn({ result }: MessageBatchIndividualResponse): BatchedResult {
  switch (result.type) {
    case "succeeded":
      return { kind: "succeeded", reply: wholeReply(result.message) };
    case "errored":
      return { kind: "errored", message: result.error.error.message };
    case "expired":
      return { kind: "expired", message: "the provider did not come to it within its time" };
    case "canceled":
      return { kind: "canceled", message: "it was cancelled before it was answered" };
  }
}
