// One file of agents: YAML holds one, TypeScript or JavaScript exports one or more. What is wrong is told by its line.

import { readFileSync } from "node:fs";
import { basename, dirname, extname, relative, resolve } from "node:path";
import type { AgentDefinition } from "../../activities/agents.ts";
import { agentIn, FIELD_NAMES, LIMIT_NAMES } from "./agent-fields.ts";
import { isDefinedAgent, unknownIn } from "./define-agent.ts";
import { loadModule, type Place } from "./load-module.ts";
import { lineSaying, type Mistake, type Path } from "./mistake.ts";
import { readText } from "./read-text.ts";
import { readYaml, type YamlRecord } from "./read-yaml.ts";

export interface ReadAgent {
  readonly definition: AgentDefinition;
  readonly file: string;
  readonly lineOf: (path: Path) => number | null;
}

export type ReadFile<Item> =
  | { readonly kind: "read"; readonly items: readonly Item[] }
  | { readonly kind: "broken"; readonly mistakes: readonly Mistake[] };

const INSTRUCTIONS_FILE = "instructions_file";

/** As they are written in YAML, and as the check knows them. */
const inYaml = (names: readonly string[]): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [snakeCase(name), name]));
const FIELDS = new Map([...inYaml(FIELD_NAMES), [INSTRUCTIONS_FILE, INSTRUCTIONS_FILE]]);
const LIMITS = inYaml(LIMIT_NAMES);

export async function readAgents(place: Place): Promise<ReadFile<ReadAgent>> {
  return /\.ya?ml$/.test(place.path) ? inYamlFile(place) : await inModule(place);
}

function inYamlFile({ dir, path }: Place): ReadFile<ReadAgent> {
  const file = relative(dir, path);
  const read = readText(path);
  if (read.kind === "wrong") return { kind: "broken", mistakes: [{ file, ...read.fault }] };
  const yaml = readYaml(read.text);
  if (yaml.kind === "wrong") {
    return { kind: "broken", mistakes: yaml.mistakes.map((mistake) => ({ file, ...mistake })) };
  }
  const written = fieldsIn(yaml.record);
  const told = instructionsOf(written.fields, path);
  const parsed = agentIn(told.fields, basename(path, extname(path)));
  const { lineOf } = yaml.record;
  const mistakes = [
    ...written.mistakes,
    ...told.mistakes,
    // Where their file is wrong, it is told already why there are none.
    ...(parsed.kind === "wrong" ? parsed.mistakes.map(asWritten) : []).filter(
      ({ path: [field] }) => field !== "instructions" || told.mistakes.length === 0,
    ),
  ];
  if (parsed.kind === "wrong" || mistakes.length > 0) {
    return {
      kind: "broken",
      mistakes: mistakes.map(({ path: at, ...fault }) => ({ file, line: lineOf(at), ...fault })),
    };
  }
  return { kind: "read", items: [{ definition: parsed.definition, file, lineOf }] };
}

/** What the check says of a field, in the names that YAML has for it. */
function asWritten({ path, what, remedy }: FieldFault): FieldFault {
  const [first] = path;
  return {
    // Below `policy` stand names of tools, which are no fields.
    path: first === "policy" ? path : path.map(inYamlWords),
    what: what.replaceAll(/\b(?:onFailure|max[A-Z]\w*)\b/g, (name) => snakeCase(name)),
    remedy,
  };
}

function inYamlWords(step: string | number): string | number {
  return typeof step === "number" ? step : snakeCase(step);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

interface FieldFault {
  readonly path: Path;
  readonly what: string;
  readonly remedy: string;
}

interface Fields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly mistakes: readonly FieldFault[];
}

function fieldsIn({ value }: YamlRecord): Fields {
  const top = renamed(value, FIELDS, []);
  const limits = top.fields["limits"];
  if (typeof limits !== "object" || limits === null || Array.isArray(limits)) return top;
  const inner = renamed(limits, LIMITS, ["limits"]);
  return {
    fields: { ...top.fields, limits: inner.fields },
    mistakes: [...top.mistakes, ...inner.mistakes],
  };
}

function renamed(value: object, names: ReadonlyMap<string, string>, path: Path): Fields {
  const known = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const meant = names.get(name);
    // What is written and left empty is as good as not written.
    return meant === undefined || field === null ? [] : [[meant, field]];
  });
  const mistakes = unknownIn(Object.keys(value), [...names.keys()]).map(
    ({ field, what, remedy }) => ({ path: [...path, field], what, remedy }),
  );
  return { fields: Object.fromEntries(known), mistakes };
}

/** Those of the file that it names, seen from where it is. */
function instructionsOf(
  { [INSTRUCTIONS_FILE]: named, ...fields }: Fields["fields"],
  path: string,
): Fields {
  const fault = (what: string, remedy: string): Fields => ({
    fields,
    mistakes: [{ path: [INSTRUCTIONS_FILE], what, remedy }],
  });
  if (named === undefined) return { fields, mistakes: [] };
  if (fields["instructions"] !== undefined)
    return fault("It has instructions and instructions_file.", "Keep one of them.");
  if (typeof named !== "string")
    return fault("instructions_file is no text.", "It is the path of a file beside this one.");
  try {
    const read = readText(resolve(dirname(path), named));
    if (read.kind === "wrong")
      return fault(`Line ${read.fault.line} of ${named} is not UTF-8.`, read.fault.remedy);
    const instructions = read.text;
    if (instructions.trim() !== "") return { fields: { ...fields, instructions }, mistakes: [] };
    return fault(`${named} is empty.`, "Say in it what the model is to be and to do.");
  } catch {
    const remedy =
      "Make the file, or mend its name: it is looked for from the folder of this file.";
    return fault(`There is no file ${named} that can be read.`, remedy);
  }
}

async function inModule(place: Place): Promise<ReadFile<ReadAgent>> {
  const file = relative(place.dir, place.path);
  const text = readFileSync(place.path, "utf8");
  const broken = (what: string, remedy: string, line: number | null): ReadFile<ReadAgent> => ({
    kind: "broken",
    mistakes: [{ file, line, what, remedy }],
  });
  const remedy = 'Write: import { defineAgent } from "pawl"; export default defineAgent({ … }).';
  if (!/\bdefineAgent\b/.test(text)) return broken("It defines no agent.", remedy, 1);
  const loaded = await loadModule(place);
  if (loaded.kind === "broken") return loaded;
  const lineOf = (path: Path): number | null => {
    const words = path.filter((step) => typeof step === "string");
    return lineSaying(text, ...words.toReversed().map((word) => `${word}:`), "defineAgent(");
  };
  const agents = Object.values(loaded.exports).filter(isDefinedAgent);
  if (agents.length === 0)
    return broken("It exports no agent.", remedy, lineSaying(text, "defineAgent("));
  return {
    kind: "read",
    items: [...new Set(agents)].map((definition) => ({ definition, file, lineOf })),
  };
}
