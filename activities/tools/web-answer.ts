// What the tools of the web share: the bytes of an answer up to the limit, and what is told of a request that came to
// nothing.

import { OutboundError, type OutboundReason } from "../../src/outbound/outbound-error.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";

export interface Body {
  readonly bytes: Uint8Array;
  /** There was more, which was not read. */
  readonly isCut: boolean;
}

export async function readBody(answer: Response): Promise<Body> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of answer.body ?? []) pieces.push(piece);
  } catch (error) {
    if (!(error instanceof OutboundError) || error.reason !== "size") throw error;
    return { bytes: joined(pieces), isCut: true };
  }
  return { bytes: joined(pieces), isCut: false };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

const SUGGESTIONS: Readonly<Record<OutboundReason, string>> = {
  url: "Give a whole address that begins with https:// or http://, without a user or an unusual port.",
  domain: "Use another source, or say that this one is not allowed here.",
  inner: "Only public addresses can be reached. Use another source.",
  unreachable: "Check the address, or try another source.",
  redirect: "Try the address that it leads to, or another source.",
  answer: "Try another source.",
  size: "Ask for less, or try another source.",
  time: "Try another source, or go on without it.",
};

/** What the network may have had once is tried again. */
const PASSING: readonly OutboundReason[] = ["unreachable", "time"];

/** What the model is told; throws where the caller has given up. */
export function webFailure(error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  if (toolErrorOf(error) !== null || !(error instanceof OutboundError)) return error;
  const { message, reason } = error;
  return new ToolError(message, {
    suggestion: SUGGESTIONS[reason],
    retryable: PASSING.includes(reason),
  });
}
