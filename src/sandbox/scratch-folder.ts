// The folder in which one program runs, made for it and taken away after it. While it runs the folder is only counted;
// what it holds is read when the program is gone, and never through a link. Names are bytes: a program may choose
// ones that are no text, and folders deeper than any path.

import { constants, type Dirent } from "node:fs";
import { chmod, chown, lstat, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CodeLimits, FolderFile, Killer } from "./sandbox.ts";

const MIB = 1024 * 1024;
const BLOCK_BYTES = 512;
const DEPTH_MAX = 8;

export interface ScratchFolder {
  readonly path: string;
  /** Why it is too full; null where it isn't. */
  look(): Promise<Killer | null>;
  collect(): Promise<Collected>;
  remove(): Promise<void>;
}

export interface Collected {
  readonly files: readonly FolderFile[];
  /** What is there and no file that could be taken along. */
  readonly leftOut: readonly string[];
}

interface Given {
  readonly files: readonly FolderFile[];
  /** Whose it is; null: the worker's own user. */
  readonly uid: number | null;
  readonly limits: CodeLimits;
}

export async function makeScratch({ files, uid, limits }: Given): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), "pawl-code-"));
  try {
    for (const file of files) await put(path, file);
    if (uid !== null) await giveAway(path, uid);
  } catch (error) {
    await removeTree(path);
    throw error;
  }
  return {
    path,
    look: () => look(path, limits),
    collect: () => collect(path, limits),
    remove: () => removeTree(path),
  };
}

/** Nobody else is in the folder yet. */
async function put(root: string, { path, bytes }: FolderFile): Promise<void> {
  const steps = path.split("/");
  if (steps.some((step) => step === "" || step === "." || step === "..")) {
    throw new Error(`${JSON.stringify(path)} is no plain relative path`);
  }
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

async function giveAway(root: string, uid: number): Promise<void> {
  for await (const { path } of walk(root, Infinity)) await chown(path, uid, uid);
  await chown(root, uid, uid);
}

async function look(root: string, limits: CodeLimits): Promise<Killer | null> {
  let entries = 0;
  let bytes = 0;
  for await (const { path } of walk(root, Infinity)) {
    entries += 1;
    const stats = await lstat(path).catch(() => null);
    bytes += (stats?.blocks ?? 0) * BLOCK_BYTES;
    if (entries > limits.folderEntries) {
      return { kind: "disk", what: `it made more than ${limits.folderEntries} files` };
    }
    if (bytes > limits.folderBytes) {
      return { kind: "disk", what: `it wrote more than ${limits.folderBytes / MIB} MiB of files` };
    }
  }
  return null;
}

async function collect(root: string, limits: CodeLimits): Promise<Collected> {
  const files: FolderFile[] = [];
  const leftOut: string[] = [];
  let room = limits.folderBytes;
  let entries = 0;
  for await (const { path, entry } of walk(root, DEPTH_MAX)) {
    entries += 1;
    if (entries > limits.folderEntries) break;
    const name = path.subarray(Buffer.byteLength(root) + 1);
    const text = name.toString("utf8");
    if (entry.isDirectory()) continue;
    const isText = Buffer.from(text).equals(name) && !/[\p{Cc}\p{Cf}]/u.test(text);
    const bytes = isText && entry.isFile() ? await contentOf(path, room) : null;
    if (bytes === null) {
      leftOut.push(text);
    } else {
      room -= bytes.length;
      files.push({ path: text, bytes });
    }
  }
  return { files, leftOut };
}

/** Null of what is no plain file, can't be read or is too large. */
async function contentOf(path: Buffer, bytesMax: number): Promise<Buffer | null> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null);
  if (file === null) return null;
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= bytesMax ? await file.readFile() : null;
  } finally {
    await file.close();
  }
}

interface Found {
  readonly path: Buffer<ArrayBuffer>;
  readonly entry: Dirent<Buffer<ArrayBuffer>>;
}

/** Nearest first; what goes away meanwhile is passed over. */
async function* walk(root: string, depthMax: number): AsyncGenerator<Found> {
  const folders = [{ path: Buffer.from(root), depth: 1 }];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await entriesOf(folder.path)) {
      const path = below(folder.path, entry.name);
      yield { path, entry };
      if (entry.isDirectory() && folder.depth < depthMax) {
        folders.push({ path, depth: folder.depth + 1 });
      }
    }
  }
}

async function entriesOf(folder: Buffer): Promise<readonly Dirent<Buffer<ArrayBuffer>>[]> {
  const read = async (): Promise<Dirent<Buffer<ArrayBuffer>>[]> =>
    await readdir(folder, { withFileTypes: true, encoding: "buffer" });
  return await read().catch(async () => {
    // A program may have closed it to its own user.
    await chmod(folder, 0o700).catch(() => undefined);
    return await read().catch(() => []);
  });
}

function below(folder: Buffer, name: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([folder, Buffer.from("/"), name]);
}

/** What lies deep is moved up first: a path has an end, and a chain of folders has none. */
async function removeTree(root: string): Promise<void> {
  const top = Buffer.from(root);
  const deep: Buffer[] = [];
  let moved = 0;
  const empty = async (folder: Buffer, depth: number): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const path = below(folder, entry.name);
      if (!entry.isDirectory()) {
        await rm(path, { force: true }).catch(() => undefined);
      } else if (depth < DEPTH_MAX) {
        await empty(path, depth + 1);
        await rm(path, { force: true, recursive: true }).catch(() => undefined);
      } else {
        moved += 1;
        const aside = below(top, Buffer.from(`.pawl-${moved}`));
        await chmod(path, 0o700).catch(() => undefined);
        await rename(path, aside).then(
          () => deep.push(aside),
          () => undefined,
        );
      }
    }
  };
  await empty(top, 1);
  for (let next = deep.shift(); next !== undefined; next = deep.shift()) {
    await empty(next, 2);
    await rm(next, { force: true, recursive: true }).catch(() => undefined);
  }
  await rm(root, { force: true, recursive: true }).catch(() => undefined);
}
