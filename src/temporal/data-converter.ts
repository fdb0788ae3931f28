// How what we say to Temporal lies there: JSON, and then whatever the codecs make of it. The one
// converter of clients, workers and replays. Search attributes pass by it, and so do the messages of
// errors, which are no payloads.

import type { DataConverter, PayloadCodec } from "@temporalio/common";

/** Applied to each payload in this order, and undone in the other: here goes one that encrypts. */
const CODECS: PayloadCodec[] = [];

export const DATA_CONVERTER: DataConverter = { payloadCodecs: CODECS };
