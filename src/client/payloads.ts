// What lies encoded in an event of a history.

import type { LoadedDataConverter } from "@temporalio/common";
import { decodeFromPayloadsAtIndex } from "@temporalio/common/lib/internal-non-workflow/index.js";
import type { temporal } from "@temporalio/proto";

export type Payload = temporal.api.common.v1.IPayload;
export type Payloads = Payload[] | null | undefined;

/** Input and result of our workflows, activities and signals are one value each. */
export async function decodeOnly<T>(
  converter: LoadedDataConverter,
  payloads: Payloads,
): Promise<T> {
  return await decodeFromPayloadsAtIndex<T>(converter, 0, payloads ?? null);
}
