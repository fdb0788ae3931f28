// How the body of an answer begins, kept until its first event has come: where none comes it is no stream. A whole
// message in JSON is an answer all the same, as caches and guardrails before the API give it, and a whole error is
// the provider's. Decided by what was sent, not by its content type: events come under many.

import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { ModelCallError, type ModelReply } from "./model.ts";
import { isErrorData, streamedError } from "./streamed-error.ts";
import { wholeReply } from "./whole-reply.ts";
import { plainWords } from "./words.ts";

interface Asked {
  readonly requestId: string | null;
  readonly cacheTtl: "5m" | "1h";
}

export class Opening {
  readonly #decoder = new TextDecoder();
  #text = "";
  #hasEvents = false;

  /** What is read is bounded by who reads it (stream-clock.ts). */
  heard(chunk: Uint8Array): void {
    if (!this.#hasEvents) this.#text += this.#decoder.decode(chunk, { stream: true });
  }

  eventCame(): void {
    this.#hasEvents = true;
    this.#text = "";
  }

  /** Of a body that has ended. Null where events came, or may have been about to. */
  whole(response: Response, { requestId, cacheTtl }: Asked): ModelReply | null {
    if (this.#hasEvents || couldBeEvents(this.#text)) return null;
    const data = parsed(this.#text);
    if (isMessage(data)) return { ...wholeReply(data, cacheTtl), requestId };
    if (isErrorData(data)) throw streamedError(data);
    // JSON that ends too soon may have been a whole reply.
    const mayBeReply = this.#text.trimStart().startsWith("{") && data === undefined;
    throw new ModelCallError("PROVIDER_REJECTED", noStream(response, this.#text), {
      billing: mayBeReply ? "unknown" : "prompt",
    });
  }
}

function noStream({ status, headers }: Response, text: string): string {
  const type = headers.get("content-type") ?? "no content type";
  return `The provider answered ${status} with no event stream (${type}): ${plainWords(text)}; check ANTHROPIC_BASE_URL`;
}

/** The first line that is not blank is a comment or a field, as far as it came. */
function couldBeEvents(text: string): boolean {
  const [first = ""] = text.trimStart().split(/[\r\n]/, 1);
  const [name = ""] = first.split(":", 1);
  const isWhole = first.includes(":");
  return FIELDS.some((field) => (isWhole ? field === name : field.startsWith(first)));
}

const FIELDS = ["", "event", "data", "id", "retry"];

function isMessage(data: unknown): data is Message {
  return (
    typeof data === "object" &&
    data !== null &&
    "type" in data &&
    data.type === "message" &&
    "content" in data &&
    Array.isArray(data.content)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
