// How workflow code reads payloads. Temporal's own converter throws at one that it can't read, and the SDK then
// fails the workflow task again and again: one signal of an unknown encoding, and its run does nothing any more,
// not even end. Read as undefined it is one more thing that the parsers refuse.

import { defaultPayloadConverter, type Payload, type PayloadConverter } from "@temporalio/common";

/** By this name the SDK finds it in the bundle. */
export const payloadConverter: PayloadConverter = {
  toPayload: (value: unknown): Payload => defaultPayloadConverter.toPayload(value),
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the SDK's interface has it
  fromPayload<T>(payload: Payload): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever takes what is foreign takes unknown
      return undefined as T;
    }
  },
};
