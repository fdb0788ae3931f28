// The run's folder as a program sees it: copied into the folder in which it runs, and what it made copied back. A
// program is gone before its files are looked at, and each goes the way that a file of write_file goes.

import { z } from "zod";
import { codeOf } from "../../src/domain/error-code.ts";
import { withLock } from "../../src/files/file-lock.ts";
import { inFile, inFolder, type Folder } from "../../src/files/folder.ts";
import { replaceFile } from "../../src/files/replace-file.ts";
import { walkTree } from "../../src/files/walk-tree.ts";
import type { FolderFile } from "../../src/sandbox/sandbox.ts";
import { atFile, nameIn, type FileWords } from "./file-target.ts";
import type { ToolContext } from "./tool-context.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";

const BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 200;
const DEPTH_MAX = 7;

export const wantedFiles = z
  .array(z.string().min(1).max(512))
  .max(FILES_MAX)
  .optional()
  .describe("Files of this run's folder that the program shall find; all of them where left out.");

const TAKEN: FileWords = {
  use: "read",
  done: "copied",
  otherwise: "Leave it out of `files`, or put what the program needs into its code.",
};
const KEPT: FileWords = {
  use: "write",
  done: "kept",
  otherwise: "Have the program print what matters.",
};

export interface TakenIn {
  readonly files: readonly FolderFile[];
  /** What did not fit, or is no plain file. */
  readonly notTaken: readonly string[];
}

export async function takeIn(
  context: ToolContext,
  wanted: readonly string[] | undefined,
): Promise<TakenIn> {
  if (wanted === undefined) return await takeAll(context);
  const files: FolderFile[] = [];
  let room = BYTES_MAX;
  for (const path of new Set(wanted)) {
    if (path.startsWith("/")) throw notOwn(path);
    const bytes = await atFile(path, context, TAKEN, async (target) => {
      const [names, name] = nameIn(target);
      return await inFolder(target.place, { names, makes: false }, (folder) =>
        contentOf(folder, name, room),
      );
    });
    if (bytes === null) throw tooMuch();
    room -= bytes.length;
    files.push({ path: path.replace(/^\.\//, ""), bytes });
  }
  return { files, notTaken: [] };
}

async function takeAll(context: ToolContext): Promise<TakenIn> {
  const { filesDir, signal } = context;
  const files: FolderFile[] = [];
  const notTaken: string[] = [];
  if (filesDir === undefined) return { files, notTaken };
  let room = BYTES_MAX;
  const limits = { entriesMax: FILES_MAX, depthMax: DEPTH_MAX, signal };
  const place = { root: filesDir, isOwn: true, closed: [] };
  try {
    await inFolder(place, { names: [], makes: false }, (top) =>
      walkTree(top, limits, async ({ names, name, kind, folder }) => {
        if (kind === "folder") return true;
        const path = names.join("/");
        const bytes =
          kind === "file" ? await contentOf(folder, name, room).catch(() => null) : null;
        if (bytes === null) notTaken.push(path);
        else files.push({ path, bytes });
        room -= bytes?.length ?? 0;
        return false;
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    // Nothing was written yet.
    if (codeOf(error) !== "ENOENT") context.onFileTrouble?.(error);
  }
  return { files, notTaken };
}

/** Null where it is larger. */
async function contentOf(folder: Folder, name: string, bytesMax: number): Promise<Buffer | null> {
  return await inFile(folder, name, async ({ handle, stats }) =>
    stats.size > BigInt(bytesMax) ? null : await handle.readFile(),
  );
}

export interface KeptFiles {
  readonly kept: readonly string[];
  readonly notKept: readonly string[];
}

export async function keep(context: ToolContext, files: readonly FolderFile[]): Promise<KeptFiles> {
  const kept: string[] = [];
  const notKept: string[] = [];
  for (const { path, bytes } of files) {
    try {
      await keepFile(context, path, bytes);
      kept.push(path);
    } catch (error) {
      if (toolErrorOf(error) === null) throw error;
      notKept.push(path);
    }
  }
  return { kept, notKept };
}

async function keepFile(context: ToolContext, path: string, content: Buffer): Promise<void> {
  const { signal } = context;
  await atFile(path, context, KEPT, async (target) => {
    const [names, name] = nameIn(target);
    await inFolder(target.place, { names, makes: true }, (folder) =>
      withLock(folder, { name, signal }, () => replaceFile(folder, { name, content })),
    );
  });
}

function notOwn(path: string): ToolError {
  return new ToolError(`permission denied: ${JSON.stringify(path)} is not in this run's folder.`, {
    suggestion:
      "Name files of this run's folder by relative paths; list_files says which there are.",
  });
}

function tooMuch(): ToolError {
  return new ToolError(`The files have more than ${BYTES_MAX} bytes together.`, {
    suggestion: "Name only the files that the program needs.",
  });
}
