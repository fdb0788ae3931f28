// What a thrown value says of itself, whatever it is, but for the paths of this host that the operating system
// names. Total: its getters, its proxy's traps and its `toJSON` are foreign code, and may throw something that
// throws in turn.

import { basename, isAbsolute } from "node:path";
import { isNativeError } from "node:util/types";
import { renderJson } from "./render-json.ts";

const CHARS_MAX = 4000;
const UNREADABLE = "something was thrown that can't be read";

export function thrownText(thrown: unknown): string {
  try {
    if (typeof thrown === "string") return thrown;
    if (!isError(thrown)) return renderJson(thrown, CHARS_MAX);
    const said = `${messageOf(thrown)}${causeOf(thrown)}`;
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
  return isNativeError(cause) ? `: ${messageOf(cause)}` : "";
}

/** Where errors of the operating system keep the paths that they name. */
const PLACES = ["path", "dest", "address"] as const;

/** What reads this is a model: of a path it is told the last name. */
function messageOf(error: Error): string {
  const said = textOf(error.message);
  if (typeof Reflect.get(error, "syscall") !== "string") return said;
  const places = PLACES.map((field) => pathIn(Reflect.get(error, field)));
  return places
    .filter((place) => place !== null)
    .toSorted((one, other) => other.length - one.length)
    .reduce((text, place) => text.replaceAll(place, basename(place)), said);
}

function pathIn(named: unknown): string | null {
  return typeof named === "string" && isAbsolute(named) && basename(named) !== "" ? named : null;
}
