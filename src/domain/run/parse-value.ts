// What comes from outside, taken apart once: pieces from which the parsers of orders, messages and decisions are
// made. Each gives a bounded value of its own, and never the one that it was given. Hand-written, because
// workflow code has no room for a schema library.

import { jsonBytesOf } from "../json-size.ts";

/** The value, or what is wrong with it, as a sentence's end: "text must be …, and is a number". */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Throws WrongShape, which `parsed` catches. `at` names the value to whoever reads the problem. */
export type Parse<T> = (given: unknown, at: string) => T;

/** What `parsed` catches: a parser of a part may throw it with a sentence of its own. */
export class WrongShape extends Error {}

export function parsed<T>(parse: Parse<T>, given: unknown, at: string): Parsed<T> {
  try {
    return { value: parse(given, at) };
  } catch (error) {
    if (error instanceof WrongShape) return { problem: error.message };
    throw error;
  }
}

function wrong(at: string, must: string, given: unknown): never {
  throw new WrongShape(`${at} must be ${must}, and is ${kindOf(given)}`);
}

function kindOf(given: unknown): string {
  if (given === undefined || given === null) return "missing";
  if (Array.isArray(given)) return "a list";
  if (typeof given === "string") return `a text of ${given.length} characters`;
  return typeof given === "number" ? `the number ${given}` : `a value of type ${typeof given}`;
}

type Json = Readonly<Record<string, unknown>>;

export function record(given: unknown, at: string): Json {
  if (!isRecord(given)) return wrong(at, "an object", given);
  return given;
}

function isRecord(given: unknown): given is Json {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

type IsOptional<T, K extends keyof T> = object extends Pick<T, K> ? true : false;

/** A parser for each field, or the compiler says which is missing. */
export type Fields<T> = {
  readonly [K in keyof T]-?: Parse<IsOptional<T, K> extends true ? T[K] | undefined : T[K]>;
};

/** `closed`: a field that nobody knows is a mistake, e.g. a rule that would be passed over. */
export function fields<T extends object>(
  table: Fields<T>,
  others: "closed" | "ignored" = "closed",
): Parse<T> {
  return (given, at) => {
    const raw = record(given, at);
    const unknown = Object.keys(raw).find((key) => !Object.hasOwn(table, key));
    if (others === "closed" && unknown !== undefined) {
      throw new WrongShape(`${at} has a field that nobody knows: ${named(unknown)}`);
    }
    const entries = Object.entries<Parse<unknown>>(table)
      .map(([key, parse]) => {
        const value = Object.hasOwn(raw, key) ? raw[key] : undefined;
        return [key, parse(value, `${at}.${key}`)] as const;
      })
      .filter(([, value]) => value !== undefined);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has a parser of each field
    return Object.fromEntries(entries) as T;
  };
}

const NAME_CHARS_SHOWN = 40;

function named(key: string): string {
  return JSON.stringify(key.slice(0, NAME_CHARS_SHOWN).toWellFormed());
}

/** A name, or a short text: as it is, so nothing that the store could not keep as it is. */
export function text(charsMin: number, charsMax: number): Parse<string> {
  return (given, at) => {
    const isOne = typeof given === "string" && given.length >= charsMin && given.length <= charsMax;
    if (!isOne) return wrong(at, `a text of ${charsMin} to ${charsMax} characters`, given);
    return isStorable(given) ? given : wrong(at, "without U+0000 and halves of pairs", given);
  };
}

function isStorable(given: string): boolean {
  return !given.includes("\0") && given.isWellFormed();
}

/** More than white space, and at most so many bytes where it lies in a payload. */
export function saidText(bytesMax: number): Parse<string> {
  return (given, at) => {
    if (typeof given !== "string" || given.trim() === "") {
      return wrong(at, "a text that says something", given);
    }
    const bytes = given.length > bytesMax ? given.length : jsonBytesOf(given) - QUOTES;
    if (bytes > bytesMax) return wrong(at, `a text of at most ${bytesMax} bytes`, given);
    return given.toWellFormed();
  };
}

const QUOTES = 2;

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): Parse<number> {
  return (given, at) => {
    const isOne = Number.isSafeInteger(given) && Number(given) >= min && Number(given) <= max;
    return isOne ? Number(given) : wrong(at, `a whole number from ${min} to ${max}`, given);
  };
}

export const anyNumber: Parse<number> = (given, at) =>
  typeof given === "number" && Number.isFinite(given) ? given : wrong(at, "a number", given);

export const flag: Parse<boolean> = (given, at) =>
  typeof given === "boolean" ? given : wrong(at, "true or false", given);

export function oneOf<const Names extends readonly string[]>(names: Names): Parse<Names[number]> {
  return (given, at) =>
    names.find((name) => name === given) ?? wrong(at, `one of ${names.join(", ")}`, given);
}

export function optional<T>(parse: Parse<T>): Parse<T | undefined> {
  return (given, at) => (given === undefined ? undefined : parse(given, at));
}

export function nullable<T>(parse: Parse<T>): Parse<T | null> {
  return (given, at) => (given === null ? null : parse(given, at));
}

export function otherwise<T>(value: T, parse: Parse<T>): Parse<T> {
  return (given, at) => (given === undefined ? value : parse(given, at));
}

export function listOf<T>(parse: Parse<T>, countMax: number): Parse<readonly T[]> {
  return (given, at) => {
    if (!Array.isArray(given) || given.length > countMax) {
      return wrong(at, `a list of at most ${countMax}`, given);
    }
    return given.map((item: unknown, index) => parse(item, `${at}[${index}]`));
  };
}

interface RecordTerms {
  readonly keyCharsMax: number;
  readonly countMax: number;
}

/** By names that somebody else chose. */
export function recordOf<T>(
  parse: Parse<T>,
  { keyCharsMax, countMax }: RecordTerms,
): Parse<Readonly<Record<string, T>>> {
  const name = text(1, keyCharsMax);
  return (given, at) => {
    const entries = Object.entries(record(given, at));
    if (entries.length > countMax) return wrong(at, `an object of at most ${countMax}`, given);
    return Object.fromEntries(
      entries.map(([key, value]) => {
        // What every object knows by that name would be met in its place.
        if (key === "__proto__") return wrong(at, "without __proto__", given);
        return [name(key, `a name in ${at}`), parse(value, `${at}.${key}`)];
      }),
    );
  };
}

const DEPTH_MAX = 100;

/** Whatever JSON can say, so long as somebody can write it down again. */
export function jsonObject(bytesMax: number): Parse<Json> {
  return (given, at) => {
    const object = record(given, at);
    if (isDeeperThan(object, DEPTH_MAX)) wrong(at, `at most ${DEPTH_MAX} levels deep`, given);
    if (jsonBytesOf(object) > bytesMax) wrong(at, `of at most ${bytesMax} bytes`, given);
    return object;
  };
}

/** By levels, not by recursion: a payload holds a million of them. */
function isDeeperThan(root: object, levels: number): boolean {
  let level: readonly object[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= levels) return true;
    level = level.flatMap((node) => Object.values(node).filter(isObject));
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
