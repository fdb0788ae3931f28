// A file is replaced whole or not at all: written beside its place, then moved there in one step. It keeps the mode
// of what was there, and its owner where that can be given.

import { constants, type Stats } from "node:fs";
import { lstat, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { draftName } from "./draft-name.ts";
import { FileRefusal } from "./file-refusal.ts";
import { unless, type Folder } from "./folder.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const MODE_BITS = 0o777;

export interface NewFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Asked last, when all is written: what throws leaves the file as it was. */
  readonly beforeMove?: () => Promise<void>;
}

/** Throws a FileRefusal where something else than a file is in its place. */
export async function replaceFile(
  folder: Folder,
  { name, content, beforeMove }: NewFile,
): Promise<void> {
  const target = join(folder.path, name);
  const there = await lstat(target).catch(unless("ENOENT"));
  if (there !== undefined && !there.isFile()) {
    const message = `permission denied: ${name} is there, and is no file.`;
    throw new FileRefusal(message, { isOutside: there.isSymbolicLink() });
  }
  const draft = join(folder.path, draftName());
  const mode = there === undefined && !folder.place.isOwn ? 0o666 : 0o600;
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    try {
      await file.writeFile(content, "utf8");
      if (there !== undefined) await takeAfter(file, there);
      await file.sync();
    } finally {
      await file.close();
    }
    await beforeMove?.();
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Only the administrator may give a file away; whoever else replaces it has it from then on. */
async function takeAfter(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    await file.chown(uid, gid).catch(unless("EPERM", "EINVAL", "ENOSYS"));
  }
  await file.chmod(mode & MODE_BITS);
}
