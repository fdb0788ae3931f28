// The input of a batch, as its start brings it.

import { BATCH_CONCURRENCY_MAX, BATCH_ITEMS_MAX, isBatchId, type BatchInput } from "./batch.ts";
import { isOwnWriting, type Beginning } from "./run/parse-order.ts";
import { fields, nullable, parsed, text, wholeNumber, type Parsed } from "./run/parse-value.ts";

const NAME_CHARS_MAX = 1000;

const BATCH = fields<Omit<BatchInput, "resumed">>({
  batchId: text(1, NAME_CHARS_MAX),
  tenant: text(1, NAME_CHARS_MAX),
  digest: text(1, NAME_CHARS_MAX),
  items: wholeNumber(0, BATCH_ITEMS_MAX),
  concurrency: wholeNumber(1, BATCH_CONCURRENCY_MAX),
  capMicroUsd: nullable(wholeNumber(0)),
});

export function batchFrom(given: unknown, beginning: Beginning): Parsed<BatchInput> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the batch's own writing
  if (isOwnWriting(beginning)) return { value: given as BatchInput };
  const batch = parsed(BATCH, given, "input");
  if ("problem" in batch || isBatchId(batch.value.batchId)) return batch;
  return { problem: "input.batchId must be the id of a batch" };
}
