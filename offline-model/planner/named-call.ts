// Tools that the planner knows nothing about: called when the task names them, or when it is about
// what their name says and fills their inputs. So people can try their own tools offline.

import type { OfferedTool, RequestView } from "./request-view.ts";

export interface NamedCall {
  readonly name: string;
  readonly input: unknown;
}

const BUILT_IN = ["calculator", "web_search"];

/** `Call write_note with {"text": "hi"} and then read_note`: in the order in which they are named. */
export function namedCalls(view: RequestView): NamedCall[] {
  const calls = view.tools.flatMap((tool) => {
    const pattern = new RegExp(`(?<![\\w-])${tool.name}(?![\\w-])`, "g");
    return [...view.task.matchAll(pattern)].flatMap(({ index }) => {
      if (!isAsked(view.task, index)) return [];
      const given = jsonAfter(view.task, index + tool.name.length);
      // "Use the calculator to …" names a tool that the planner works with anyway.
      if (given === undefined && BUILT_IN.includes(tool.name)) return [];
      return [{ at: index, name: tool.name, input: given ?? inputFor(tool, view.task) }];
    });
  });
  return calls.toSorted((a, b) => a.at - b.at).map(({ name, input }) => ({ name, input }));
}

/** "What is the weather in Paris?" with a tool `get_weather {city}`. */
export function impliedCall(view: RequestView): NamedCall | undefined {
  const task = view.task.toLowerCase();
  const tool = view.tools.find(({ name }) => {
    if (BUILT_IN.includes(name)) return false;
    const words = name
      .toLowerCase()
      .split(/[_-]/)
      .filter((word) => word.length > 3);
    const said = new Set(task.match(/[\p{L}\p{N}]+/gu) ?? []);
    return words.length > 0 && words.every((word) => said.has(word));
  });
  if (tool === undefined || !isFillable(tool, view.task)) return undefined;
  return { name: tool.name, input: inputFor(tool, view.task) };
}

/** An input that fits the schema's required fields, filled with what the task names. */
export function inputFor(tool: OfferedTool, task: string): Record<string, unknown> {
  const names = subjectsIn(task);
  const numbers = task.match(/-?\d+(?:\.\d+)?/g) ?? [];
  let [nextName, nextNumber] = [0, 0];
  const entries = requiredOf(tool).map(([field, schema]): [string, unknown] => {
    const type = typeOf(schema);
    if (type === "number" || type === "integer") return [field, Number(numbers[nextNumber++] ?? 1)];
    if (type === "boolean") return [field, true];
    if (type === "array") return [field, []];
    if (type === "object") return [field, {}];
    return [field, firstChoice(schema) ?? names[nextName++] ?? task];
  });
  return Object.fromEntries(entries);
}

function isAsked(task: string, at: number): boolean {
  return /\b(?:call|use|using|run|invoke|with|then|and|try)\b[^.!?]*$/i.test(task.slice(0, at));
}

function isFillable(tool: OfferedTool, task: string): boolean {
  const strings = requiredOf(tool).filter(
    ([, schema]) => typeOf(schema) === "string" && firstChoice(schema) === undefined,
  );
  return strings.length <= subjectsIn(task).length;
}

/** Quoted words first, then names behind "in", "of", "for" and the like. */
function subjectsIn(task: string): string[] {
  const quoted = [...task.matchAll(/["“'`]([^"”'`]+)["”'`]/g)].map((match) => match[1] ?? "");
  const named = [
    ...task.matchAll(/\b(?:in|of|for|to|at|from|about|on)\s+((?:[A-Z][\w-]*\s?)+)/g),
  ].map((match) => (match[1] ?? "").trim());
  return [...quoted, ...named].filter((name) => name !== "");
}

function requiredOf({ inputSchema }: OfferedTool): [string, unknown][] {
  const properties = inputSchema["properties"];
  const required = inputSchema["required"];
  if (typeof properties !== "object" || properties === null || !Array.isArray(required)) return [];
  return Object.entries(properties).filter(([field]) => required.includes(field));
}

function typeOf(schema: unknown): unknown {
  return typeof schema === "object" && schema !== null && "type" in schema ? schema.type : "string";
}

function firstChoice(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || !("enum" in schema)) return undefined;
  return Array.isArray(schema.enum) ? schema.enum[0] : undefined;
}

/** The JSON object that follows "with", "on" or nothing at all. */
function jsonAfter(task: string, from: number): unknown {
  const lead = /^[`"']?(?:\s+(?:tool|with|on|input|arguments|using)\b)*[:\s]*(?=\{)/.exec(
    task.slice(from),
  );
  if (lead === null) return undefined;
  const start = from + lead[0].length;
  for (let end = task.indexOf("}", start); end !== -1; end = task.indexOf("}", end + 1)) {
    try {
      return JSON.parse(task.slice(start, end + 1));
    } catch {
      // A brace inside the object: the next one may close it.
    }
  }
  return undefined;
}
