// What a caller orders as a batch, made into an identity: the batch's id, the runs that its items will
// be, and a digest that tells a repeated order from a different one under the same key.

import { v7 as uuidv7 } from "uuid";
import { batchIdOf, itemRunId, type BatchInput } from "../domain/batch.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";
import { INPUT_RULES_DEFAULT, type InputRules } from "../domain/input-rules.ts";
import { tenantName } from "../domain/payer-names.ts";
import { SHIPPED_MODELS, type ModelTable } from "../domain/model-table.ts";
import { present } from "../domain/present.ts";
import { keyed, orderDigest } from "../domain/run/identity.ts";
import type { StoredItem } from "../store/batches.ts";
import { identify, type RunOrder } from "./run-order.ts";

export interface ItemOrder extends Pick<
  RunOrder,
  "task" | "agent" | "tier" | "model" | "limits" | "canWait" | "permission"
> {
  /** Names the item in the results; no two items share one. */
  readonly id: string;
  /** Of the file. */
  readonly line: number;
}

export interface BatchOrder {
  readonly tenant: string;
  readonly items: readonly ItemOrder[];
  /** The same key and order give the same batch, however often they are sent. */
  readonly key?: string;
  /** Runs under way at once; part of no identity. */
  readonly concurrency: number;
  /** What all items may cost together; null: counted, never denied. */
  readonly capMicroUsd: number | null;
}

export interface IdentifiedBatch {
  readonly input: BatchInput;
  readonly items: readonly StoredItem[];
}

/** Throws PawlError with the line of an item that can't be used. */
export function identifyBatch(
  order: BatchOrder,
  rules: InputRules = INPUT_RULES_DEFAULT,
  models: ModelTable = SHIPPED_MODELS,
): IdentifiedBatch {
  const { key, concurrency, capMicroUsd } = order;
  const tenant = tenantName(order.tenant);
  const batchId = batchIdOf(key === undefined ? uuidv7() : keyed([tenant, "batch", key], key));
  const known = { order, batchId, rules, models };
  const items = order.items.map((item, index) => storedItem(item, index + 1, known));
  const asked = items.map(({ itemId, digest }) => [itemId, digest]);
  const digest = orderDigest({ tenant, capMicroUsd, items: asked });
  const input = { batchId, tenant, digest, items: items.length, concurrency, capMicroUsd };
  return { input, items };
}

interface Known {
  readonly order: BatchOrder;
  readonly batchId: string;
  readonly rules: InputRules;
  readonly models: ModelTable;
}

function storedItem(
  { id, line, ...asked }: ItemOrder,
  position: number,
  { order: { tenant, capMicroUsd }, batchId, rules, models }: Known,
): StoredItem {
  try {
    const { input, digest } = identify({ ...asked, tenant, session: batchId }, rules, models);
    return {
      position,
      digest,
      input: { ...input, batch: { batchId, capMicroUsd } },
      runId: itemRunId(batchId, position),
      itemId: id,
    };
  } catch (error) {
    if (!isPawlError(error)) throw error;
    const message = `Nothing was started: line ${line}: ${error.message}`;
    throw new PawlError(error.code, message, present({ next: error.next ?? undefined }));
  }
}
