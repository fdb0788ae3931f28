// Where the files of runs lie: one folder a tenant, one folder a run, under one folder that all workers have
// before them. Whether this worker can write there is tried once, when it starts; which folder it is says a mark
// in it, by which workers find out that theirs are not one and the same (src/worker/tell-of-files.ts).

import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../src/config.ts";
import { codeOf } from "../src/domain/error-code.ts";
import { fileTroubleOf } from "../src/domain/file-trouble.ts";
import { openRoots, type OpenRoot } from "../src/files/open-roots.ts";

export type FilesFolder =
  | {
      readonly kind: "usable";
      readonly dir: string;
      readonly folderId: string;
      /** Folders besides, of the operator's: `PAWL_FILES_ROOTS`. */
      readonly roots: readonly OpenRoot[];
    }
  | { readonly kind: "unusable"; readonly dir: string; readonly why: string }
  /** With those workers that execute the tools. */
  | { readonly kind: "elsewhere" };

interface Folders {
  readonly tools: Pick<Config["tools"], "filesDir" | "filesRoots">;
  readonly stack: Pick<Config["stack"], "dir">;
}

/** No tenant's folder can be called so. */
const MARK = ".pawl-folder";
const OWNERS_ALONE = { folder: 0o700, file: 0o600 } as const;
/** Whoever makes the mark writes it at once. */
const MARK_TRIES = 40;
const MARK_RETRY_MS = 50;

/** Throws PawlError CONFIG where one of the operator's folders besides can't be used. */
export async function tryFilesFolder(config: Folders): Promise<FilesFolder> {
  const dir = resolve(config.tools.filesDir ?? join(config.stack.dir, "files"));
  const roots = await openRoots(config.tools.filesRoots, [dir, config.stack.dir]);
  try {
    await mkdir(dir, { recursive: true, mode: OWNERS_ALONE.folder });
    const ownUid = await uidOfWhatIsWritten(dir);
    return { kind: "usable", dir, folderId: await markIn(dir, ownUid), roots };
  } catch (error) {
    const why = fileTroubleOf(error) ?? (error instanceof Error ? error.message : String(error));
    return { kind: "unusable", dir, why };
  }
}

/** The run's own folder; undefined where this worker has no place for files. */
export function runFolderIn(files: FilesFolder, tenant: string, runId: string): string | undefined {
  if (files.kind !== "usable") return undefined;
  return join(files.dir, folderName(tenant), folderName(runId));
}

/** The folders besides it that a run's tools may use. */
export function fileRootsIn(files: FilesFolder): readonly OpenRoot[] {
  return files.kind === "usable" ? files.roots : [];
}

/** Names come from callers: nothing in them may be a path, and two names never share a folder. */
function folderName(name: string): string {
  const safe = encodeURIComponent(name.toWellFormed()).replace(/\./g, "%2E");
  return safe === "" ? "%" : safe;
}

async function uidOfWhatIsWritten(dir: string): Promise<number> {
  const path = join(dir, `.${randomUUID()}.part`);
  try {
    await writeFile(path, "x", { flag: "wx", mode: OWNERS_ALONE.file });
    return (await stat(path)).uid;
  } finally {
    await rm(path, { force: true });
  }
}

/** Made by the first worker that comes, and read by all others. */
async function markIn(dir: string, ownUid: number): Promise<string> {
  const path = join(dir, MARK);
  const folderId = randomUUID();
  try {
    await writeFile(path, folderId, { flag: "wx", mode: OWNERS_ALONE.file });
    return folderId;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  const { uid } = await stat(path);
  // A run's folder is for its owner alone: what one of them wrote, the other could not go on with.
  if (uid !== ownUid) {
    throw new Error(`workers of another user (uid ${uid}, not ${ownUid}) keep files in it`);
  }
  for (let tries = 0; tries < MARK_TRIES; tries += 1) {
    const mark = (await readFile(path, "utf8")).trim();
    if (mark !== "") return mark;
    await pause(MARK_RETRY_MS);
  }
  throw new Error(`the file ${MARK} in it is empty; delete it`);
}
