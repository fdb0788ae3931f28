// All that lies in a project folder: which agents and tools there are, from which files, and what is wrong with them.
// What is wrong keeps nothing else from being used. Where a file was right before, what it held then is kept in
// service; it is told all the same that the file is wrong now.

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { ToolSpec } from "../domain/tool.ts";
import type { ModelTable } from "../domain/model-table.ts";
import { checkAgents } from "./check-agents.ts";
import type { Mistake } from "./mistake.ts";
import { readAgents, type ReadAgent, type ReadFile } from "./read-agent.ts";
import { readTools, type ReadTool } from "./read-tools.ts";

export interface Project {
  readonly dir: string;
  readonly agents: readonly ReadAgent[];
  readonly tools: readonly ReadTool[];
  readonly mistakes: readonly Mistake[];
  /** Files of which something older is in service. */
  readonly keptOld: readonly string[];
}

/** What there is besides. */
export interface Surroundings {
  readonly models: ModelTable;
  /** Of Pawl: a tool of the folder by such a name takes its place. */
  readonly builtIn: readonly Pick<ToolSpec, "name">[];
  /** Names that others bring once a run is opened: patterns, such as `github__*`. */
  readonly elsewhere: readonly string[];
}

export async function loadProject(
  dir: string,
  around: Surroundings,
  former: Project | null = null,
): Promise<Project> {
  const toolFiles = await readAll(dir, TOOL_FILES, readTools);
  const agentFiles = await readAll(dir, AGENT_FILES, readAgents);
  const tools = inService(toolFiles, former?.tools ?? [], ({ tool }) => tool.spec.name);
  const agents = inService(agentFiles, former?.agents ?? [], ({ definition }) => definition.name);
  const brokenTools = [...toolFiles].flatMap(([file, { kind }]) =>
    kind === "broken" ? [file] : [],
  );
  const known = [...tools.items.map(({ tool }) => tool.spec), ...around.builtIn].map(
    ({ name }) => name,
  );
  const checked = checkAgents(agents.items, {
    ...around,
    known,
    brokenTools,
    former: former?.agents ?? [],
  });
  return {
    dir,
    tools: tools.items,
    agents: checked.agents,
    mistakes: [...strayFiles(dir), ...tools.mistakes, ...agents.mistakes, ...checked.mistakes],
    keptOld: [...tools.keptOld, ...agents.keptOld, ...checked.keptOld],
  };
}

export const TOOL_FILES = { folder: "tools", endings: /\.(?:m?ts|m?js)$/ };
export const AGENT_FILES = { folder: "agents", endings: /\.(?:ya?ml|m?ts|m?js)$/ };

type Kind = typeof TOOL_FILES;

/** Paths, in a lasting order; empty where there is no such folder. */
export function filesOf(dir: string, { folder, endings }: Kind): readonly string[] {
  return entriesOf(join(dir, folder))
    .filter((name) => endings.test(name) && !/\.(?:d|test|spec)\.m?[tj]s$/.test(name))
    .map((name) => join(dir, folder, name));
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}

/** A file that looks as if it should be read, and is not. */
function strayFiles(dir: string): readonly Mistake[] {
  const agents = entriesOf(join(dir, "agents")).filter((name) =>
    /\.(?:json|yam|ylm|tsx|cts)$/.test(name),
  );
  const tools = entriesOf(join(dir, "tools")).filter((name) =>
    /\.(?:tsx|cts|cjs|py|ya?ml)$/.test(name),
  );
  const told = (folder: string, endings: string) => (name: string) => ({
    file: join(folder, name),
    line: null,
    what: "Files of this kind are not read here.",
    remedy: `It ends in ${endings}.`,
  });
  return [
    ...agents.map(told("agents", ".yaml, .ts or .js")),
    ...tools.map(told("tools", ".ts or .js")),
  ];
}

type Files<Item> = ReadonlyMap<string, ReadFile<Item>>;

/** One after the other: what a file does while it is loaded is its own. */
async function readAll<Item>(
  dir: string,
  kind: Kind,
  read: (place: { readonly dir: string; readonly path: string }) => Promise<ReadFile<Item>>,
): Promise<Files<Item>> {
  const files = new Map<string, ReadFile<Item>>();
  for (const path of filesOf(dir, kind)) {
    const file = relative(dir, path);
    files.set(file, await read({ dir, path }).catch((error: unknown) => unreadable(file, error)));
  }
  return files;
}

function unreadable(file: string, error: unknown): ReadFile<never> {
  const what = `It can't be read: ${error instanceof Error ? error.message : String(error)}.`;
  return { kind: "broken", mistakes: [{ file, line: null, what, remedy: "Let it be read." }] };
}

interface InService<Item> {
  readonly items: readonly Item[];
  readonly mistakes: readonly Mistake[];
  readonly keptOld: readonly string[];
}

function inService<Item extends { readonly file: string }>(
  files: Files<Item>,
  former: readonly Item[],
  nameOf: (item: Item) => string,
): InService<Item> {
  const mistakes: Mistake[] = [];
  const keptOld: string[] = [];
  const all = [...files].flatMap(([file, read]) => {
    if (read.kind === "read") return read.items;
    mistakes.push(...read.mistakes);
    const old = former.filter((item) => item.file === file);
    if (old.length > 0) keptOld.push(file);
    return old;
  });
  const items: Item[] = [];
  for (const item of all) {
    const name = nameOf(item);
    const first = items.find((other) => nameOf(other) === name);
    if (first === undefined) items.push(item);
    else mistakes.push(twice(name, first, item));
  }
  return { items, mistakes, keptOld };
}

function twice(
  name: string,
  first: { readonly file: string },
  second: { readonly file: string; readonly line?: number | null; lineOf?: ReadAgent["lineOf"] },
): Mistake {
  return {
    file: second.file,
    line: second.line ?? second.lineOf?.(["name"]) ?? null,
    what: `${name} is there twice: ${first.file} has it too, and is used.`,
    remedy: "Give one of them another name.",
  };
}
