// Which file a call means: a plain relative path lies in the run's own folder, an absolute one in a root that the
// operator has named. Nothing else is anywhere. And what a model is told where a file can't be used: the file as it
// named it, never the place on the host, which is for the log.

import { codeOf } from "../../src/domain/error-code.ts";
import { isBelow, rootWords } from "../../src/domain/file-roots.ts";
import { fileTroubleOf } from "../../src/domain/file-trouble.ts";
import { isFileRefusal, type FileRefusal } from "../../src/files/file-refusal.ts";
import type { Place } from "../../src/files/folder.ts";
import { plainSteps, type StepRules } from "../../src/files/plain-steps.ts";
import type { ToolContext } from "./tool-context.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";

export interface FileTarget {
  readonly place: Place;
  /** Of a folder itself none. */
  readonly names: readonly string[];
  /** As the model is told it. */
  readonly path: string;
}

const OWN_RULES = { depthMax: 8, isStrict: true };
const ROOT_RULES = { depthMax: 32, isStrict: false };

export type FileUse = "read" | "write";

/** `done` completes "a.txt was not …"; `otherwise` is the advice where nothing can be done about it here. */
export interface FileWords {
  readonly use: FileUse;
  readonly done: string;
  readonly otherwise: string;
}

/** Finds the file and does it there. Whatever goes wrong is thrown as a ToolError. */
export async function atFile<T>(
  path: string,
  context: ToolContext,
  words: FileWords,
  act: (target: FileTarget) => Promise<T>,
): Promise<T> {
  const target = targetOf(path, context, words);
  context.signal.throwIfAborted();
  try {
    return await act(target);
  } catch (error) {
    context.signal.throwIfAborted();
    if (toolErrorOf(error) !== null) throw error;
    if (isFileRefusal(error)) throw refused(error, context);
    context.onFileTrouble?.(error);
    const why = fileTroubleOf(error) ?? "something is wrong with the file system";
    // What is not there is not there for another worker either, which may be better off with everything else.
    const retryable = words.use === "write" && codeOf(error) !== "ENOENT";
    throw notDone(target.path, why, { ...words, retryable });
  }
}

/** Throws a ToolError. */
function targetOf(path: string, context: ToolContext, words: FileWords): FileTarget {
  if (path.startsWith("/")) return targetInRoot(path, context, words.use);
  const names = stepsOf(path, context, OWN_RULES);
  const { filesDir } = context;
  const shown = names.join("/") || ".";
  if (filesDir === undefined) {
    throw notDone(shown, `no file can be ${words.done} here`, { ...words, retryable: true });
  }
  return { place: { root: filesDir, isOwn: true, closed: [] }, names, path: shown };
}

function targetInRoot(path: string, context: ToolContext, use: FileUse): FileTarget {
  const root = context.fileRoots?.find((one) => isBelow(path, one.path));
  if (root === undefined) {
    const what = `permission denied: ${JSON.stringify(path)} is outside of this run's files.`;
    throw outside(what, context);
  }
  if (use === "write" && !root.isWritable) {
    const what = `permission denied: ${path} lies in ${root.path}, which can only be read.`;
    throw outside(what, context);
  }
  const rest = path.slice(root.path.length + 1);
  const names = path === root.path ? [] : stepsOf(rest, context, ROOT_RULES);
  return { place: root.place, names, path };
}

/** None for the folder itself. */
function stepsOf(path: string, context: ToolContext, rules: StepRules): readonly string[] {
  if (path === ".") return [];
  try {
    return plainSteps(path, rules);
  } catch (error) {
    throw isFileRefusal(error) ? outside(error.message, context) : error;
  }
}

function refused({ message, isOutside }: FileRefusal, context: ToolContext): ToolError {
  if (isOutside) return outside(message, context);
  return new ToolError(message, {
    suggestion: "Choose another path; list_files says what there is.",
  });
}

function outside(message: string, { fileRoots = [] }: ToolContext): ToolError {
  const roots = fileRoots.length === 0 ? "" : `, or one below ${rootWords(fileRoots)}`;
  return new ToolError(message, {
    suggestion: `Use a plain relative path such as notes.txt, without dots, links or odd characters${roots}.`,
  });
}

interface NotDone extends FileWords {
  readonly retryable: boolean;
}

function notDone(path: string, why: string, { done, otherwise, retryable }: NotDone): ToolError {
  return new ToolError(`${path} was not ${done}: ${why}.`, { suggestion: otherwise, retryable });
}

/** The folders on the way, and the file's own name. Throws a ToolError where a folder was named. */
export function nameIn({ names, path }: FileTarget): readonly [readonly string[], string] {
  const name = names.at(-1);
  if (name !== undefined) return [names.slice(0, -1), name];
  throw new ToolError(`${path} is a folder, and no file.`, {
    suggestion: "Name a file in it; list_files says what there is.",
  });
}
