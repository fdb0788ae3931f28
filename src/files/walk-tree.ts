// All that lies below a folder, entered step by step as any path is. What is no file and no folder is named, and
// never opened. It ends at a number of entries, however large the tree is.

import type { Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../domain/error-code.ts";
import { isDraftOrLock } from "./draft-name.ts";
import { isFileRefusal } from "./file-refusal.ts";
import { inFolderOf, type Folder } from "./folder.ts";

export type EntryKind = "file" | "folder" | "link" | "special";

export interface Entry {
  /** From the folder where the walk began. */
  readonly names: readonly string[];
  readonly name: string;
  readonly kind: EntryKind;
  /** The one it lies in, open while it is looked at: `inFile(entry.folder, entry.name, …)`. */
  readonly folder: Folder;
}

export interface WalkLimits {
  readonly entriesMax: number;
  readonly depthMax: number;
  readonly signal: AbortSignal;
}

export interface Walked {
  readonly entries: number;
  /** False where there may be more than was looked at. */
  readonly isWhole: boolean;
}

/** `look` is asked of each entry in no order, and says of a folder whether to go into it. */
export async function walkTree(
  top: Folder,
  limits: WalkLimits,
  look: (entry: Entry) => Promise<boolean> | boolean,
): Promise<Walked> {
  const walk = { entries: 0, isWhole: true };
  await walkIn(top, [], { ...limits, look, walk });
  return walk;
}

interface Walking extends WalkLimits {
  readonly look: (entry: Entry) => Promise<boolean> | boolean;
  readonly walk: { entries: number; isWhole: boolean };
}

async function walkIn(folder: Folder, above: readonly string[], walking: Walking): Promise<void> {
  const { entriesMax, depthMax, signal, look, walk } = walking;
  for await (const found of await opendir(folder.path)) {
    signal.throwIfAborted();
    if (isDraftOrLock(found.name)) continue;
    if (walk.entries >= entriesMax) {
      walk.isWhole = false;
      return;
    }
    walk.entries += 1;
    const kind = await kindOf(found, folder);
    if (kind === null) continue;
    const names = [...above, found.name];
    const isWanted = await look({ names, name: found.name, kind, folder });
    if (kind !== "folder" || !isWanted) continue;
    if (names.length >= depthMax) walk.isWhole = false;
    else await enter(folder, names, walking);
  }
}

/** What is closed, or was taken away or swapped meanwhile, is left out and said to be. */
async function enter(folder: Folder, names: readonly string[], walking: Walking): Promise<void> {
  try {
    await inFolderOf(folder, names.at(-1) ?? "", (inner) => walkIn(inner, names, walking));
  } catch (error) {
    if (!isFileRefusal(error) && !GONE.has(codeOf(error) ?? "")) throw error;
    walking.walk.isWhole = false;
  }
}

const GONE: ReadonlySet<string> = new Set(["ENOENT", "EACCES", "EPERM", "ESTALE"]);

/** Null where it is gone. Some file systems don't say what an entry is. */
async function kindOf(found: Dirent, folder: Folder): Promise<EntryKind | null> {
  const isSaid = found.isFile() || found.isDirectory() || found.isSymbolicLink() || found.isFIFO();
  const what = isSaid ? found : await lstat(join(folder.path, found.name)).catch(() => null);
  if (what === null) return null;
  if (what.isFile()) return "file";
  if (what.isDirectory()) return "folder";
  return what.isSymbolicLink() ? "link" : "special";
}
