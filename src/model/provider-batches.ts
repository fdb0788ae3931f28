// The port to a provider's batches: requests that are answered within a day, at half price. Such a batch
// is never changed once it is made, and a request in it is known by the id that we gave it. It has nothing
// to do with a batch of ours (src/domain/batch.ts), which is many runs.

import type { ModelReply, ModelRequest } from "./model.ts";

export interface ProviderBatch {
  readonly id: string;
  readonly hasEnded: boolean;
  readonly requestCount: number;
  /** ISO 8601, by the provider's clock. */
  readonly createdAt: string;
  readonly endedAt: string | null;
}

export type BatchedResult =
  | { readonly kind: "succeeded"; readonly reply: ModelReply }
  /** None of these is billed. */
  | { readonly kind: "errored" | "expired" | "canceled"; readonly message: string };

/**
 * Contract: one call is one HTTP request, or one a page; no retries inside. Rejects with ModelCallError,
 * whose `billing` says of `create` whether there can be a batch.
 */
export interface ProviderBatches {
  /** A batch of this one request. Gives the id of the batch. */
  create(request: ModelRequest, customId: string): Promise<string>;
  /** Null where the provider knows no such batch. */
  look(providerBatchId: string): Promise<ProviderBatch | null>;
  /** Of a batch that has ended; null where it holds no such request. */
  resultOf(providerBatchId: string, customId: string): Promise<BatchedResult | null>;
  /** Requests that are being answered may still be answered, and are then billed. */
  cancel(providerBatchId: string): Promise<void>;
  createdBetween(from: Date, to: Date): Promise<readonly ProviderBatch[]>;
}
