// The Message ServedBatches of one offline server: each is worked off as a whole after a delay, at half
// price, with the checks, the planner and the prompt cache of a live request.
// B1 and B2 of billing.ts hold here too: one record a served request, before its result can be read.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ApiError, errorBody, invalidRequest } from "./api-error.ts";
import { entryFields, type MatchList } from "./match-list.ts";

const LIFETIME_MS = 24 * 3_600_000;
const DELAY_MS_DEFAULT = 3000;

/** What becomes of a request that is not simply served, on order: `PUT /admin/batches`. */
export const batchFateList = z.array(
  z.strictObject({
    kind: z.enum(["errored", "expired", "never_ends", "uncancellable"]),
    ...entryFields,
  }),
);
export type BatchFate = z.infer<typeof batchFateList>[number];

export interface BatchedRequest {
  readonly customId: string;
  readonly fate: BatchFate["kind"] | null;
  /** Gives the message, billed; throws an ApiError where the request is none. */
  serve(): object;
}

type Result =
  | { readonly type: "succeeded"; readonly message: object }
  | { readonly type: "errored"; readonly error: object }
  | { readonly type: "canceled" | "expired" };

interface ServedBatch {
  readonly id: string;
  readonly requests: readonly BatchedRequest[];
  readonly createdAtMs: number;
  readonly results: Map<string, Result>;
  endedAtMs: number | null;
  cancelledAtMs: number | null;
  timer: NodeJS.Timeout | undefined;
}

export interface ServedBatches {
  create(requests: readonly BatchedRequest[]): object;
  retrieve(id: string, origin: string): object;
  /** Newest first. */
  list(page: { readonly limit: number; readonly afterId: string | null }, origin: string): object;
  /** One line a request, in no order that means anything. */
  results(id: string): string;
  cancel(id: string, origin: string): object;
  /** Also of batches that are under way. */
  setDelay(delayMs: number): void;
  readonly fates: MatchList<BatchFate>;
  /** For tests: the API itself does not say which requests a batch that is under way holds. */
  seen(): readonly object[];
  clear(): void;
}

export function createServedBatches(
  nowMs: () => number,
  fates: MatchList<BatchFate>,
): ServedBatches {
  return new BatchDesk(nowMs, fates);
}

class BatchDesk implements ServedBatches {
  readonly fates: MatchList<BatchFate>;
  readonly #nowMs: () => number;
  readonly #batches = new Map<string, ServedBatch>();
  #delayMs = DELAY_MS_DEFAULT;

  constructor(nowMs: () => number, fates: MatchList<BatchFate>) {
    this.#nowMs = nowMs;
    this.fates = fates;
  }

  create(requests: readonly BatchedRequest[]): object {
    const batch: ServedBatch = {
      id: `msgbatch_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
      requests,
      createdAtMs: this.#nowMs(),
      results: new Map(),
      endedAtMs: null,
      cancelledAtMs: null,
      timer: undefined,
    };
    this.#batches.set(batch.id, batch);
    this.#schedule(batch);
    return wireOf(batch, "");
  }

  retrieve(id: string, origin: string): object {
    return wireOf(this.#known(id), origin);
  }

  list(page: { readonly limit: number; readonly afterId: string | null }, origin: string): object {
    const all = [...this.#batches.values()].toReversed();
    const from = page.afterId === null ? 0 : all.findIndex(({ id }) => id === page.afterId) + 1;
    const data = all.slice(from, from + page.limit);
    return {
      data: data.map((batch) => wireOf(batch, origin)),
      has_more: from + data.length < all.length,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
  }

  results(id: string): string {
    const { endedAtMs, results } = this.#known(id);
    if (endedAtMs === null)
      throw invalidRequest(`batch ${id} has not ended: it has no results yet`);
    const lines = [...results].map(([customId, result]) =>
      JSON.stringify({ custom_id: customId, result }),
    );
    return lines.toReversed().join("\n");
  }

  cancel(id: string, origin: string): object {
    const batch = this.#known(id);
    if (batch.endedAtMs === null && batch.cancelledAtMs === null) {
      batch.cancelledAtMs = this.#nowMs();
      for (const request of batch.requests) {
        const isBegun = request.fate === "uncancellable";
        batch.results.set(request.customId, isBegun ? resultOf(request) : { type: "canceled" });
      }
      this.#end(batch);
    }
    return wireOf(batch, origin);
  }

  setDelay(delayMs: number): void {
    this.#delayMs = delayMs;
    for (const batch of this.#batches.values()) this.#schedule(batch);
  }

  seen(): readonly object[] {
    return [...this.#batches.values()].map((batch) => ({
      ...wireOf(batch, ""),
      customIds: batch.requests.map(({ customId }) => customId),
    }));
  }

  clear(): void {
    for (const { timer } of this.#batches.values()) clearTimeout(timer);
    this.#batches.clear();
    this.fates.replace([]);
    this.#delayMs = DELAY_MS_DEFAULT;
  }

  #schedule(batch: ServedBatch): void {
    clearTimeout(batch.timer);
    if (batch.endedAtMs !== null) return;
    const waitMs = Math.max(0, batch.createdAtMs + this.#delayMs - this.#nowMs());
    batch.timer = setTimeout(() => this.#work(batch), waitMs).unref();
  }

  #work(batch: ServedBatch): void {
    if (batch.endedAtMs !== null || batch.requests.some(({ fate }) => fate === "never_ends"))
      return;
    for (const request of batch.requests) batch.results.set(request.customId, resultOf(request));
    this.#end(batch);
  }

  #end(batch: ServedBatch): void {
    clearTimeout(batch.timer);
    batch.endedAtMs = this.#nowMs();
  }

  #known(id: string): ServedBatch {
    const batch = this.#batches.get(id);
    if (batch !== undefined) return batch;
    throw new ApiError(404, "not_found_error", `Message ServedBatch ${id} not found`);
  }
}

/** What a live call is refused for at once, a batch says with its results: errors are free. */
function resultOf(request: BatchedRequest): Result {
  try {
    if (request.fate === "expired") return { type: "expired" };
    if (request.fate === "errored") throw new ApiError(500, "api_error", "Internal server error");
    return { type: "succeeded", message: request.serve() };
  } catch (error) {
    const known = error instanceof ApiError ? error : new ApiError(500, "api_error", String(error));
    return { type: "errored", error: errorBody(known, "") };
  }
}

function wireOf(batch: ServedBatch, origin: string): object {
  const { id, createdAtMs, endedAtMs, cancelledAtMs, requests, results } = batch;
  const hasEnded = endedAtMs !== null;
  const counted = (type: Result["type"]): number =>
    hasEnded ? [...results.values()].filter((result) => result.type === type).length : 0;
  return {
    id,
    type: "message_batch",
    processing_status: hasEnded ? "ended" : "in_progress",
    request_counts: {
      processing: hasEnded ? 0 : requests.length,
      succeeded: counted("succeeded"),
      errored: counted("errored"),
      canceled: counted("canceled"),
      expired: counted("expired"),
    },
    created_at: at(createdAtMs),
    expires_at: at(createdAtMs + LIFETIME_MS),
    ended_at: at(endedAtMs),
    cancel_initiated_at: at(cancelledAtMs),
    archived_at: null,
    results_url: hasEnded ? `${origin}/v1/messages/batches/${id}/results` : null,
  };
}

function at(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
