// What a thrown value says of itself, whatever it is. Total: its getters, its proxy's traps and its `toJSON` are
// foreign code, and may throw something that throws in turn.

import { isNativeError } from "node:util/types";
import { renderJson } from "./render-json.ts";

const CHARS_MAX = 4000;
const UNREADABLE = "something was thrown that can't be read";

export function thrownText(thrown: unknown): string {
  try {
    if (typeof thrown === "string") return thrown;
    if (!isError(thrown)) return renderJson(thrown, CHARS_MAX);
    const said = `${textOf(thrown.message)}${causeOf(thrown)}`;
    return said || textOf(thrown.name) || UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

function isError(thrown: unknown): thrown is Error {
  return isNativeError(thrown) || thrown instanceof Error;
}

/** Said by its type alone, a message may be anything. */
function textOf(said: unknown): string {
  return typeof said === "string" ? said : renderJson(said, CHARS_MAX);
}

function causeOf({ cause }: Error): string {
  return isNativeError(cause) ? `: ${textOf(cause.message)}` : "";
}
