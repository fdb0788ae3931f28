// What the model sees of a tool. Whatever the tool returned or threw becomes a text of at most 64 KiB;
// a failed tool is an answer too: {"error", "suggestion"}. Contract: nothing here throws.

import { isNativeError } from "node:util/types";
import { renderJson } from "./render-json.ts";
import { thrownText } from "./thrown-text.ts";
import { toolErrorOf } from "./tool-error.ts";
import { visibleText } from "./visible-text.ts";

export interface ToolOutput {
  /** At most `TEXT_BYTES_MAX` bytes of UTF-8. */
  readonly text: string;
  readonly isError: boolean;
  /** Of a call that failed: whether it may have changed anything. Absent where it did what it was for. */
  readonly effect?: "none" | "unknown";
  /** Everything, where `text` is only the beginning; to be kept as an artefact. */
  readonly fullText?: string;
  /** How long the tool's own output was, in words: an artefact may hold less. */
  readonly fullSize?: string;
  /** The artefact that holds everything already; then `fullText` is its beginning. */
  readonly keptAs?: string;
  /** Of `fullText`, words of ours that are not in the artefact. */
  readonly prefaceChars?: number;
}

export const TEXT_BYTES_MAX = 64 * 1024;

/** An artefact holds no more (src/store/artefacts.ts), and a worker's memory is shared by many runs. */
const FULL_CHARS_MAX = 8 * 1024 * 1024;
const NOTE_BYTES_MAX = 512;
const NO_OUTPUT = "(no output)";
const ERROR_CHARS_MAX = 4000;

export function toolOutput(value: unknown): ToolOutput {
  if (isThrowable(value)) return toolFailure(value);
  const text = textOf(value);
  return fitted(text, false, typeof value === "string" || text.length <= FULL_CHARS_MAX);
}

/** What was written piece by piece: its beginning, and the artefact that holds all of it; null where none does. */
export interface StreamedOutput {
  readonly head: string;
  readonly bytes: number;
  readonly ref: string | null;
}

export function streamedOutput({ head, bytes, ref }: StreamedOutput): ToolOutput {
  if (bytes === 0) return { text: NO_OUTPUT, isError: false };
  if (bytes <= TEXT_BYTES_MAX) return { text: head, isError: false };
  const fullSize = `${bytes} bytes in all`;
  const text = cutText(head, () => `${fullSize}; the rest was not kept`);
  return { text, isError: false, ...(ref !== null && { fullText: head, fullSize, keptAs: ref }) };
}

export function toolFailure(thrown: unknown, suggestion?: string): ToolOutput {
  const told = toolErrorOf(thrown);
  const message = told?.message ?? thrownText(thrown);
  return failureText(message, told?.suggestion ?? suggestion ?? OTHERWISE, told?.effect);
}

export const OTHERWISE = "Try other arguments, or go on without this tool.";

/** Of a proxy that does not say what it is nobody knows; it is no error of ours. */
function isThrowable(value: unknown): boolean {
  try {
    return isNativeError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

export function failureText(
  error: string,
  suggestion: string,
  effect: "none" | "unknown" = "unknown",
): ToolOutput {
  const answer = { error: shortened(error), suggestion: shortened(suggestion) };
  return { ...fitted(JSON.stringify(answer), true), effect };
}

/** A word of ours before what the tool said, within the same size. */
export function withPreface(output: ToolOutput, preface: string): ToolOutput {
  const { isError, fullText, fullSize } = output;
  if (fullText === undefined)
    return { ...output, ...fitted(`${preface}\n${output.text}`, isError) };
  const text = `${preface}\n${fullText}`;
  const note = `${fullSize}; the rest was not kept`;
  const prefaceChars = (output.prefaceChars ?? 0) + preface.length + 1;
  return { ...output, fullText: text, text: cutText(text, () => note), prefaceChars };
}

/** What the model sees of an output that was cut, now that it is kept: how to read on. */
export function withReadOn(output: ToolOutput, ref: string): string {
  const { text, fullText, fullSize, keptAs, prefaceChars = 0 } = output;
  if (fullText === undefined) return text;
  return cutText(fullText, (shown) => {
    const offset = keptAs === undefined ? shown : shown - prefaceChars;
    const call = JSON.stringify({ id: ref, offset });
    return `${fullSize}; read_result ${call} reads on`;
  });
}

function textOf(value: unknown): string {
  if (value === undefined || value === "") return NO_OUTPUT;
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return decoded(value);
  return renderJson(value, FULL_CHARS_MAX);
}

/** Bytes that are text are read as text; others can't be shown. */
function decoded(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // No UTF-8.
  }
  return `(binary data, ${bytes.byteLength} bytes)`;
}

function shortened(text: string): string {
  return text.length > ERROR_CHARS_MAX ? `${text.slice(0, ERROR_CHARS_MAX)}…` : text;
}

function fitted(raw: string, isError: boolean, isWhole = true): ToolOutput {
  const fullText = visibleText(raw.slice(0, FULL_CHARS_MAX));
  if (raw.length <= TEXT_BYTES_MAX && Buffer.byteLength(fullText) <= TEXT_BYTES_MAX) {
    return { text: fullText, isError };
  }
  const fullSize = `${isWhole ? "" : "more than "}${Buffer.byteLength(raw)} bytes in all`;
  const text = cutText(fullText, () => `${fullSize}; the rest was not kept`);
  return { text, isError, fullText, fullSize };
}

/** The beginning, up to a whole character, and a note about the rest. */
function cutText(fullText: string, note: (charsShown: number) => string): string {
  const room = new Uint8Array(TEXT_BYTES_MAX - NOTE_BYTES_MAX);
  const { read } = new TextEncoder().encodeInto(fullText.slice(0, room.length), room);
  return `${fullText.slice(0, read)}\n[cut here: ${note(read)}]`;
}
