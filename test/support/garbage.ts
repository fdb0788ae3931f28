// What whoever has access to Temporal may send instead of what Pawl sends: values of every JSON type, payloads in
// encodings that nobody knows, and bytes that are not what they say.

import type { temporal } from "@temporalio/proto";

type Payload = temporal.api.common.v1.IPayload;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function payloadOf(encoding: string, data: string): Payload {
  return { metadata: { encoding: bytes(encoding) }, data: bytes(data) };
}

function json(value: unknown): Payload {
  return payloadOf("json/plain", JSON.stringify(value));
}

const DEEP = 50_000;

const JSON_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  5,
  -1,
  1e308,
  "",
  "hello there",
  "\u0000",
  "\ud800",
  [],
  [[]],
  [null],
  [{ text: "hi" }],
  {},
  { text: "hi" },
  { messageId: "m" },
  { messageId: 5, text: "hi" },
  { messageId: "", text: "hi" },
  { messageId: "m", text: 5 },
  { messageId: "m", text: null },
  { messageId: "m", text: "" },
  { messageId: "m", text: " \n" },
  { messageId: "m", text: ["hi"] },
  { messageId: "m", text: "hi", mode: "shout" },
  { messageId: "m", text: "hi", mode: 5 },
  { messageId: "m", text: "hi", by: {} },
  { messageId: "m".repeat(5000), text: "hi" },
  { messageId: "m", text: "x".repeat(40_000) },
  { toString: 5, valueOf: null, length: -1 },
  { callId: "1.1", verdict: "approve" },
  { callId: [], verdict: {}, argsDigest: 7, by: null },
  { addMicroUsd: -5, by: "x" },
  { addMicroUsd: "1", by: [] },
  { addMicroUsd: 0.5 },
];

/** Each under a name for people. */
export const GARBAGE: readonly (readonly [string, readonly Payload[]])[] = [
  ...JSON_VALUES.map((value) => [JSON.stringify(value).slice(0, 60), [json(value)]] as const),
  ["no payload at all", []],
  ["a payload without anything", [{}]],
  ["a payload without an encoding", [{ data: bytes("{}") }]],
  ["an unknown encoding", [payloadOf("binary/sealed", "x")]],
  ["JSON that is none", [payloadOf("json/plain", "{")]],
  ["JSON of nothing", [payloadOf("json/plain", "")]],
  ["protobuf that is none", [payloadOf("json/protobuf", "{}")]],
  ["bytes", [payloadOf("binary/plain", "\u0000\u0001")]],
  ["null", [payloadOf("binary/null", "")]],
  ["a prototype", [payloadOf("json/plain", '{"__proto__":{"messageId":"m","text":"hi"}}')]],
  ["a million brackets", [payloadOf("json/plain", "[".repeat(DEEP) + "]".repeat(DEEP))]],
  [
    "brackets within",
    [
      payloadOf(
        "json/plain",
        `{"callId":"1.1","verdict":"approve","argsDigest":"d","by":"x","editedInput":{"a":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}}`,
      ),
    ],
  ],
  ["two payloads", [json(5), json("x")]],
];
