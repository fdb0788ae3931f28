// The roots that an operator has named, looked at when a worker starts: they are there, they can be used as they
// are to be used, and nothing that Pawl keeps for itself lies open in them. What is wrong keeps the worker from
// starting: a run would meet it in the middle of its work.

import { constants } from "node:fs";
import { access, opendir, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { PawlError } from "../domain/errors.ts";
import { fileTroubleOf } from "../domain/file-trouble.ts";
import { isBelow, overlapsIn, type FileRoot } from "../domain/file-roots.ts";
import type { Place } from "./folder.ts";

/** A root as runs name it, and where it is. */
export interface OpenRoot extends FileRoot {
  readonly place: Place;
}

/** `closed`: folders of Pawl's own, which no run may enter by a root. Throws PawlError CONFIG. */
export async function openRoots(
  roots: readonly FileRoot[],
  closed: readonly string[],
): Promise<readonly OpenRoot[]> {
  const own = await Promise.all(closed.map((path) => realPathOf(resolve(path))));
  const opened = await Promise.all(roots.map((root) => openRoot(root, own)));
  const [overlap] = overlapsIn(opened.map(({ place }) => ({ path: place.root })));
  if (overlap !== undefined) throw wrong(`by links, ${overlap}`);
  return opened;
}

async function openRoot(root: FileRoot, own: readonly string[]): Promise<OpenRoot> {
  const { path, isWritable } = root;
  let real: string;
  try {
    real = await realpath(path);
    if (!(await stat(real)).isDirectory()) throw wrong(`${path} is no folder`);
    await (await opendir(real)).close();
    await access(real, constants.X_OK | (isWritable ? constants.W_OK : 0));
  } catch (error) {
    const why = fileTroubleOf(error);
    if (why === null) throw error;
    throw wrong(`${path} can't be ${isWritable ? "written to" : "read"}: ${why}`);
  }
  if (real === "/") throw wrong(`${path} is /, the whole machine`);
  const around = own.find((folder) => isBelow(real, folder));
  if (around !== undefined) {
    throw wrong(`${path} lies in ${around}, which Pawl keeps for itself`);
  }
  const closed = own.filter((folder) => isBelow(folder, real));
  return { ...root, place: { root: real, isOwn: false, closed } };
}

/** Of a folder that may not be there yet. */
async function realPathOf(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}

function wrong(what: string): PawlError {
  return new PawlError("CONFIG", `PAWL_FILES_ROOTS: ${what}.`);
}
