// Lists what a folder holds, or by a pattern what lies at any depth below it. Nothing that it names is opened, and
// no link is followed.

import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { compileGlob, type GlobState } from "../../src/domain/glob.ts";
import { codeOf } from "../../src/domain/error-code.ts";
import { inFolder } from "../../src/files/folder.ts";
import { isPlainHere } from "../../src/files/plain-steps.ts";
import { walkTree, type Entry, type Walked } from "../../src/files/walk-tree.ts";
import { defineTool } from "./define-tool.ts";
import { atFile, type FileTarget, type FileWords } from "./file-target.ts";
import { ToolError } from "./tool-error.ts";

const PATH_CHARS_MAX = 512;
const GLOB_CHARS_MAX = 256;
const SHOWN_MAX = 1000;
const SHOWN_CHARS_MAX = 48 * 1024;
const ENTRIES_MAX = 50_000;
const DEPTH_MAX = 32;

const WORDS: FileWords = {
  use: "read",
  done: "listed",
  otherwise: "List the folder above it to see what there is.",
};

export const listFilesTool = defineTool({
  name: "list_files",
  description:
    "Lists a folder of this run: a line for each file with its size, and for each folder with a slash at its end. " +
    "With a glob it looks at any depth below the folder. Says at the end in brackets where the list was cut.",
  input: z.object({
    path: z
      .string()
      .min(1)
      .max(PATH_CHARS_MAX)
      .default(".")
      .describe("Relative path of a folder. Default: the run's own folder."),
    glob: z
      .string()
      .min(1)
      .max(GLOB_CHARS_MAX)
      .optional()
      .describe("Pattern below that folder, such as *.md, **/*.csv or {src,test}/**/*.ts."),
  }),
  permission: "read",
  effect: "pure",
  async execute({ path, glob = "*" }, context) {
    const start = compiled(glob);
    const named = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    return await atFile(named, context, WORDS, async (target) => {
      const found = await lookIn(target, start, context.signal);
      return told(found);
    });
  },
});

interface Listed {
  readonly lines: readonly string[];
  readonly odd: number;
  readonly walked: Walked;
}

function compiled(glob: string): GlobState {
  try {
    return compileGlob(glob).start;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToolError(`The glob ${JSON.stringify(glob)} can't be used: ${why}.`, {
      suggestion: "Use a pattern such as *.md or **/*.csv.",
    });
  }
}

async function lookIn(
  { place, names }: FileTarget,
  start: GlobState,
  signal: AbortSignal,
): Promise<Listed> {
  const lines: string[] = [];
  const states = new Map<string, GlobState>([["", start]]);
  const found = { odd: 0 };
  const look = async (entry: Entry): Promise<boolean> => {
    if (!isPlainHere(entry.name)) {
      found.odd += 1;
      return false;
    }
    const path = entry.names.join("/");
    const above = entry.names.slice(0, -1).join("/");
    const { isMatch, below } = states.get(above)?.step(entry.name) ?? {
      isMatch: false,
      below: null,
    };
    if (isMatch) lines.push(await lineOf(path, entry));
    if (below !== null && entry.kind === "folder") states.set(path, below);
    return below !== null;
  };
  const limits = { entriesMax: ENTRIES_MAX, depthMax: DEPTH_MAX, signal };
  const nothing: Walked = { entries: 0, isWhole: true };
  const walked = await inFolder(place, { names, makes: false }, (folder) =>
    walkTree(folder, limits, look),
  ).catch((error: unknown) => {
    // Nobody has written yet.
    if (place.isOwn && names.length === 0 && codeOf(error) === "ENOENT") return nothing;
    throw error;
  });
  return { lines: lines.toSorted(), odd: found.odd, walked };
}

async function lineOf(path: string, { kind, name, folder }: Entry): Promise<string> {
  if (kind === "folder") return `${path}/`;
  if (kind === "link") return `${path} (link, not followed)`;
  if (kind === "special") return `${path} (special file)`;
  const stats = await lstat(join(folder.path, name)).catch(() => null);
  return stats === null ? path : `${path} (${stats.size} bytes)`;
}

function told({ lines, odd, walked }: Listed): string {
  const shown: string[] = [];
  let chars = 0;
  for (const line of lines.slice(0, SHOWN_MAX)) {
    chars += line.length + 1;
    if (chars > SHOWN_CHARS_MAX) break;
    shown.push(line);
  }
  const cut = lines.length - shown.length;
  const notes = [
    ...(lines.length === 0 ? ["nothing found"] : []),
    ...(cut > 0
      ? [`${shown.length} of ${lines.length} shown: name a folder or a narrower glob`]
      : []),
    ...(walked.isWhole ? [] : [`not everything was looked at, but ${walked.entries} entries`]),
    ...(odd > 0 ? [`${odd} with odd characters in their names are left out`] : []),
  ];
  return [...shown, ...(notes.length > 0 ? [`[${notes.join("; ")}]`] : [])].join("\n");
}
