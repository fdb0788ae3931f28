// Payloads as a history holds them, read as they were meant. Whoever reads histories by hand takes the
// converter of the client that fetched them, and with it every codec.

import type { LoadedDataConverter } from "@temporalio/common";
import {
  decodeFromPayloadsAtIndex,
  decodeOptionalSinglePayload,
} from "@temporalio/common/lib/internal-non-workflow/index.js";
import type { temporal } from "@temporalio/proto";
import { payloadConverter } from "./lenient-converter.ts";

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
export type Payload = temporal.api.common.v1.IPayload;
export type Payloads = readonly Payload[] | null | undefined;

/** What a workflow or an activity was given, or what it came to: of several the first. */
export async function decodeFirst<T>(
  converter: LoadedDataConverter,
  payloads: Payloads,
): Promise<T> {
  return await decodeFromPayloadsAtIndex<T>(converter, 0, payloads ? [...payloads] : null);
}

/** Null where there is nothing, or where nothing was said on purpose. */
export async function decodeOne<T>(
  converter: LoadedDataConverter,
  payload: Payload | null | undefined,
): Promise<T | null> {
  return (await decodeOptionalSinglePayload<T>(converter, payload)) ?? null;
}

/** What anybody may have sent. Undefined where nobody can read it, as for the workflow (lenient-converter.ts). */
export async function decodeForeign(
  converter: LoadedDataConverter,
  payloads: Payloads,
): Promise<unknown> {
  return await decodeFirst<unknown>({ ...converter, payloadConverter }, payloads);
}
