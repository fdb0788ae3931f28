// Loads a file of the user's, and says in words what keeps it from being loaded: by file, line, cause and remedy.
// Whatever it does while it is loaded ends nothing but its own loading.

import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf } from "../domain/error-code.ts";
import { asSentence } from "../domain/sentence.ts";
import { AgentMistakes } from "./define-agent.ts";
import { installHooks } from "./install-hooks.ts";
import { duringImport, NotLoadedInTime, TriedToExit } from "./during-import.ts";
import { lineSaying, type Mistake } from "./mistake.ts";
import { isOwnModule, moduleFiles, moduleUrl } from "./module-files.ts";
import { readText } from "./read-text.ts";
import { stripTypes } from "./strip-types.ts";

export type LoadedModule =
  | { readonly kind: "loaded"; readonly exports: Readonly<Record<string, unknown>> }
  | { readonly kind: "broken"; readonly mistakes: readonly Mistake[] };

export interface Place {
  /** The project folder. */
  readonly dir: string;
  /** An absolute path. */
  readonly path: string;
}

let tries = 0;
const failed = new Set<string>();

export async function loadModule(place: Place): Promise<LoadedModule> {
  const texts = moduleFiles(place.path);
  const faults = [...texts].flatMap(([path, text]) => faultsIn(path, text, place.dir));
  if (faults.length > 0) return { kind: "broken", mistakes: faults };
  installHooks();
  const url = moduleUrl(place.path);
  try {
    // What failed once stays failed by its name, though what it failed for may be mended: a package, a server.
    const fresh = failed.has(url) ? moduleUrl(place.path, ++tries) : url;
    const exports: Record<string, unknown> = await duringImport(place.path, () => import(fresh));
    return { kind: "loaded", exports };
  } catch (error) {
    failed.add(url);
    return { kind: "broken", mistakes: mistakesIn(error, place, texts) };
  }
}

function faultsIn(path: string, text: string, dir: string): readonly Mistake[] {
  if (!isOwnModule(path)) return [];
  const read = readText(path);
  if (read.kind === "wrong") return [{ file: relative(dir, path), ...read.fault }];
  return /\.m?ts$/.test(path) ? syntaxMistakes(path, text, dir) : [];
}

function syntaxMistakes(path: string, text: string, dir: string): readonly Mistake[] {
  const stripped = stripTypes(text, path);
  if (stripped.kind === "code") return [];
  const { line, message, isUnerasable } = stripped.fault;
  const remedy = isUnerasable
    ? "Only types are erased: write plain JavaScript there, such as a const object instead of an enum."
    : "Mend the syntax there.";
  return [{ file: relative(dir, path), line, what: firstSentence(message), remedy }];
}

type Texts = ReadonlyMap<string, string>;

function mistakesIn(error: unknown, { dir, path }: Place, texts: Texts): readonly Mistake[] {
  const text = texts.get(path) ?? "";
  const file = relative(dir, path);
  if (error instanceof AgentMistakes) {
    return error.mistakes.map(({ path: fields, what, remedy }) => {
      const last = fields.findLast((step) => typeof step === "string") ?? "";
      const line = lineSaying(text, `${last}:`, last) ?? placeIn(error, texts)?.line ?? null;
      return { file, line, what, remedy };
    });
  }
  const { what, remedy, words = [] } = saidOf(error);
  const place = placeIn(error, texts) ?? placeOf(words, texts) ?? { path, line: null };
  return [{ file: relative(dir, place.path), line: place.line, what, remedy }];
}

interface Said {
  readonly what: string;
  readonly remedy: string;
  /** Where none of its lines is known, the first that says one of these. */
  readonly words?: readonly string[];
}

function saidOf(error: unknown): Said {
  const message = error instanceof Error ? error.message : String(error);
  const quoted = /'([^']+)'/.exec(message)?.[1] ?? "";
  if (error instanceof NotLoadedInTime) {
    return { what: message, remedy: "Let it wait for nothing at its top level.", words: ["await"] };
  }
  if (error instanceof TriedToExit) {
    return {
      what: message,
      remedy: "Take that out: it would end the worker.",
      words: ["process.exit"],
    };
  }
  if (codeOf(error) === "ERR_MODULE_NOT_FOUND") return missing(message, quoted);
  const lacking = /does not provide an export named '([^']+)'/.exec(message)?.[1];
  if (lacking !== undefined) {
    return {
      what: firstSentence(message),
      remedy: `Check the name; where ${lacking} is a type, write: import type { ${lacking} }.`,
      words: [lacking],
    };
  }
  if (/^(?:require|module|exports|__dirname|__filename) is not defined/.test(message)) {
    const remedy = "Write import and export, as in: export const x = defineTool({ … }).";
    return { what: firstSentence(message), remedy, words: ["require", "module.", "exports", "__"] };
  }
  if (isSyntaxError(error)) {
    return { what: firstSentence(message), remedy: "Mend the syntax there.", words: [quoted] };
  }
  const [, tool] = /^tool "([^"]*)" can't be defined/.exec(message) ?? [];
  if (tool !== undefined) {
    return { what: firstSentence(message), remedy: "See docs/tools.md.", words: [`"${tool}"`] };
  }
  return {
    what: `It throws while it is loaded: ${firstSentence(message)}`,
    remedy: "A file of tools only defines them: what can fail belongs into execute.",
  };
}

function missing(message: string, quoted: string): Said {
  const isPackage = message.startsWith("Cannot find package");
  const name = isPackage ? quoted : quoted.replace(/^.*\//, "");
  return {
    what: isPackage ? `The package ${quoted} is not installed.` : `There is no file ${quoted}.`,
    remedy: isPackage ? `Install it: npm install ${quoted}` : "Check the path of the import.",
    words: [`"${quoted}`, `'${quoted}`, name, name.replace(/\.\w+$/, "")],
  };
}

interface Spot {
  readonly path: string;
  readonly line: number;
}

/** The first line of the stack that is in one of these files. */
function placeIn(error: unknown, texts: Texts): Spot | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const [, url = "", line] of stack.matchAll(/(file:\/\/\S+?)(?:\?[^\s:)]*)?:(\d+)/g)) {
    const path = [...texts.keys()].find((one) => pathToFileURL(one).pathname === pathIn(url));
    if (path !== undefined) return { path, line: Number(line) };
  }
  return null;
}

/** As it stands in a URL, in which a folder called `C#` is `C%23`. */
function pathIn(url: string): string | null {
  return URL.canParse(url) ? new URL(url).pathname : null;
}

function placeOf(words: readonly string[], texts: Texts): Spot | null {
  for (const [path, text] of texts) {
    const line = lineSaying(text, ...words.filter((word) => word !== ""));
    if (line !== null) return { path, line };
  }
  return null;
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof Error && error.name === "SyntaxError";
}

function firstSentence(message: string): string {
  return asSentence(message.split("\n")[0]?.trim() ?? "");
}
