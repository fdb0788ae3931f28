// A folder that is open, and the way to it. Each step is opened from the handle of the one before and never through
// a link, so that a folder which is swapped meanwhile leads nowhere. Where the system names no handles (not Linux),
// there is a moment between looking and opening.

import { constants, type BigIntStats } from "node:fs";
import { lstat, mkdir, open, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../domain/error-code.ts";
import { FileRefusal } from "./file-refusal.ts";

const { O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Where paths begin. */
export interface Place {
  /** Absolute. What is above it is its owner's business. */
  readonly root: string;
  /** A run's folder is made when it is first written to, and is open to its owner alone. */
  readonly isOwn: boolean;
  /** Folders below it that nobody may enter. */
  readonly closed: readonly string[];
}

export interface Folder {
  readonly place: Place;
  /** Leads to the open handle itself, whatever is renamed. */
  readonly path: string;
}

export interface Reach {
  readonly names: readonly string[];
  /** Whether folders that are not there are made. */
  readonly makes: boolean;
}

/** Opens the way and does it there; the folder is open until then. Throws a FileRefusal, or what the system says. */
export async function inFolder<T>(
  place: Place,
  { names, makes }: Reach,
  act: (folder: Folder) => Promise<T>,
): Promise<T> {
  const { root, isOwn } = place;
  if (makes && isOwn) await mkdir(root, { recursive: true, mode: 0o700 });
  let at = await opened(place, root, "The folder");
  try {
    for (const name of names) {
      const path = join(at.folder.path, name);
      if (makes) await mkdir(path, { mode: isOwn ? 0o700 : 0o777 }).catch(unless("EEXIST"));
      const next = await opened(place, path, name);
      const before = at;
      at = next;
      await before.handle.close();
    }
    return await act(at.folder);
  } finally {
    await at.handle.close();
  }
}

/** One step down, while the folder is open. */
export async function inFolderOf<T>(
  folder: Folder,
  name: string,
  act: (inner: Folder) => Promise<T>,
): Promise<T> {
  const { handle, folder: inner } = await opened(folder.place, join(folder.path, name), name);
  try {
    return await act(inner);
  } finally {
    await handle.close();
  }
}

export interface OpenFile {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

/** A plain file, to be read. Nothing else is opened: what a pipe or a device does is not ours to find out. */
export async function inFile<T>(
  folder: Folder,
  name: string,
  act: (file: OpenFile) => Promise<T>,
): Promise<T> {
  const path = join(folder.path, name);
  refuseOthers(await lstat(path, { bigint: true }), name);
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY).catch(
    refuseLink(name),
  );
  try {
    const stats = await handle.stat({ bigint: true });
    refuseOthers(stats, name);
    // What it holds may lie outside as well, under its other name.
    if (stats.nlink > 1n) {
      const message = `permission denied: ${name} is a hard link, and may belong elsewhere.`;
      throw new FileRefusal(message, { isOutside: true });
    }
    return await act({ handle, stats });
  } finally {
    await handle.close();
  }
}

export function unless(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (codes.includes(codeOf(error) ?? "")) return undefined;
    throw error;
  };
}

interface Opened {
  readonly handle: FileHandle;
  readonly folder: Folder;
}

async function opened(place: Place, path: string, name: string): Promise<Opened> {
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(
    async (error: unknown) => {
      if (codeOf(error) !== "ENOTDIR" && codeOf(error) !== "ELOOP") throw error;
      const there = await lstat(path).catch(() => null);
      throw there?.isSymbolicLink() === true ? linkRefusal(name) : noFolder(name);
    },
  );
  try {
    if (await isClosed(place, handle)) {
      throw new FileRefusal(`permission denied: ${name} is closed to runs.`, { isOutside: true });
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { handle, folder: { place, path: pathOf(handle, path) } };
}

/** By what it is, and not by how it is called: it may be there under another name. */
async function isClosed({ closed }: Place, handle: FileHandle): Promise<boolean> {
  if (closed.length === 0) return false;
  const { dev, ino } = await handle.stat({ bigint: true });
  for (const path of closed) {
    const found = await stat(path, { bigint: true }).catch(() => null);
    if (found?.dev === dev && found.ino === ino) return true;
  }
  return false;
}

function pathOf(handle: FileHandle, path: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path;
}

function refuseOthers(stats: BigIntStats, name: string): void {
  if (stats.isFile()) return;
  if (stats.isSymbolicLink()) throw linkRefusal(name);
  if (stats.isDirectory()) throw new FileRefusal(`${name} is a folder, and no file.`);
  throw new FileRefusal(`permission denied: ${name} is a special file.`, { isOutside: true });
}

function refuseLink(name: string) {
  return (error: unknown): never => {
    throw codeOf(error) === "ELOOP" ? linkRefusal(name) : error;
  };
}

function linkRefusal(name: string): FileRefusal {
  return new FileRefusal(`permission denied: ${name} is a link, and links are not followed.`, {
    isOutside: true,
  });
}

function noFolder(name: string): FileRefusal {
  return new FileRefusal(`${name} is no folder.`);
}
