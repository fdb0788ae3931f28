// The project folder of a process that serves. Where it may change, it is looked at before each run is opened and
// twice a second besides, so that a mistake is told while its author is still there; what is loaded once stays in
// service until something right takes its place. A run under way has its agent pinned, and sees nothing of this.
//
// The look is a poll: it costs a dozen calls of `stat`, and works where no watch does (network folders, containers).

import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AGENTS, type AgentSource } from "../../activities/agents.ts";
import type { FolderTools } from "../../activities/tool-sources/folder.ts";
import type { Tool } from "../../activities/tools/define-tool.ts";
import {
  AGENT_FILES,
  filesOf,
  loadProject,
  TOOL_FILES,
  type Project,
  type Surroundings,
} from "./load-project.ts";
import { mistakeText } from "./mistake.ts";
import { moduleFiles } from "./module-files.ts";

const LOOK_EVERY_MS = 500;

export interface LiveTerms {
  readonly dir: string;
  readonly around: Surroundings;
  /** False where it is loaded once, and stays as it is. */
  readonly reloads: boolean;
  /** After each load, the first one too. */
  readonly onLoad: (project: Project) => void;
}

export interface LiveProject {
  readonly agents: AgentSource;
  readonly tools: FolderTools;
  readonly loaded: Project;
  stop(): void;
}

export async function openLiveProject(terms: LiveTerms): Promise<LiveProject> {
  const live = new Live(terms);
  await live.load();
  if (terms.reloads) live.watch();
  return live;
}

class Live implements LiveProject {
  readonly #terms: LiveTerms;
  /** By name, also those that are in the folder no more. */
  readonly #newest = new Map<string, Tool>();
  #project: Project | null = null;
  #loadedAs = "";
  #seenAs = "";
  #loading: Promise<void> = Promise.resolve();
  #looking: NodeJS.Timeout | undefined;

  constructor(terms: LiveTerms) {
    this.#terms = terms;
  }

  readonly agents: AgentSource = {
    list: async () => {
      const own = (await this.#now()).agents.map(({ definition }) => definition);
      return [...own, ...AGENTS.filter(({ name }) => !own.some((other) => other.name === name))];
    },
    whyNot: (name) =>
      this.loaded.mistakes
        .filter(({ file }) => dirname(file) === AGENT_FILES.folder && stemOf(file) === name)
        .map(mistakeText),
  };

  readonly tools: FolderTools = {
    list: async () => (await this.#now()).tools.map(({ tool }) => tool),
    newest: (name) => this.#newest.get(name) ?? null,
  };

  get loaded(): Project {
    if (this.#project === null) throw new Error("the project is not loaded yet");
    return this.#project;
  }

  /** One load after the other, so that the last one holds. */
  async load(): Promise<void> {
    const loading = this.#loading.then(() => this.#loadNow());
    // Whoever asked hears of it; the next load does not fail with it.
    this.#loading = loading.catch(() => undefined);
    await loading;
  }

  watch(): void {
    this.#looking = setInterval(() => {
      const now = this.#fingerprint();
      // What is being written is looked at when it has come to rest.
      const isAtRest = now === this.#seenAs;
      this.#seenAs = now;
      if (isAtRest && now !== this.#loadedAs) void this.load().catch(() => undefined);
    }, LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  async #now(): Promise<Project> {
    await this.#loading;
    if (this.#terms.reloads && this.#fingerprint() !== this.#loadedAs) await this.load();
    return this.loaded;
  }

  async #loadNow(): Promise<void> {
    const { dir, around, onLoad } = this.#terms;
    const fingerprint = this.#fingerprint();
    if (this.#project !== null && fingerprint === this.#loadedAs) return;
    this.#project = await loadProject(dir, around, this.#project);
    this.#loadedAs = fingerprint;
    for (const { tool } of this.#project.tools) this.#newest.set(tool.spec.name, tool);
    onLoad(this.#project);
  }

  #fingerprint(): string {
    return filesThatCount(this.#terms.dir).map(stampOf).join("\n");
  }
}

/** Its files, and what they import or name. */
function filesThatCount(dir: string): readonly string[] {
  const files = [...filesOf(dir, TOOL_FILES), ...filesOf(dir, AGENT_FILES)];
  return [...new Set(files.flatMap((path) => [path, ...leadsTo(path)]))];
}

function leadsTo(path: string): readonly string[] {
  if (!/\.ya?ml$/.test(path)) return [...moduleFiles(path).keys()];
  try {
    const named = /^instructions_file:\s*["']?([^"'\r\n#]+)/m.exec(readFileSync(path, "utf8"))?.[1];
    return named === undefined ? [] : [resolve(dirname(path), named.trim())];
  } catch {
    return [];
  }
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? path : `${path} ${found.mtimeMs} ${found.size} ${found.ino}`;
}

function stemOf(file: string): string {
  return file.replace(/^.*[/\\]/, "").replace(/\.\w+$/, "");
}
