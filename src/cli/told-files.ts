// Files that a command is told to read or to write. What it shall write is tried before anything is spent for
// it, holds whole histories and answers, and so is its owner's alone.

import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import { PawlError } from "../domain/errors.ts";
import { SAVE_AS_UTF8, utf8 } from "../domain/utf8.ts";
import type { CliContext } from "./context.ts";
import { nothingPipedIn } from "./piped-in.ts";

/** In place of the name of a file: what is piped in. */
export const STDIN = "-";

const OWNER_ONLY = 0o600;

/** Throws PawlError FILE_UNUSABLE. */
export async function bytesOf(
  file: string,
  { readStdin }: Pick<CliContext, "readStdin">,
  bytesMax?: number,
): Promise<Uint8Array> {
  if (file !== STDIN) return await readFile(file).catch(unusable(file));
  if (readStdin !== undefined) return await readStdin(bytesMax);
  throw nothingPipedIn();
}

/** Throws PawlError USAGE where they are none. */
export function textOf(bytes: Uint8Array, what: string): string {
  const text = utf8(bytes);
  if (text !== null) return text;
  throw new PawlError("USAGE", `${what} is not UTF-8.`, { next: SAVE_AS_UTF8 });
}

/** Throws PawlError FILE_UNUSABLE where nothing could be written there; leaves what is there as it is. */
export async function checkWritable(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  // A terminal, a pipe: what comes of opening it is not ours to try.
  if (found !== null && !found.isFile() && !found.isDirectory()) {
    return await access(file, constants.W_OK).catch(unusable(file));
  }
  if (found?.isDirectory() === true) throw folderInTheWay(file);
  const trial = unfinished(file);
  await writeFile(trial, "", { mode: OWNER_ONLY, flag: "wx" }).catch(unusable(file));
  await rm(trial, { force: true });
}

/** It is there whole, or as it was before. Returns how many pieces it has. */
export async function writePrivately(
  file: string,
  pieces: AsyncIterable<string> | Iterable<string>,
): Promise<number> {
  const found = await stat(file).catch(() => null);
  if (found?.isDirectory() === true) throw folderInTheWay(file);
  const isReplaced = found === null || found.isFile();
  const path = isReplaced ? unfinished(file) : file;
  const handle = await open(path, isReplaced ? "wx" : "w", OWNER_ONLY).catch(unusable(file));
  let count = 0;
  try {
    for await (const piece of pieces) {
      await handle.write(piece).catch(unusable(file));
      count += 1;
    }
    if (isReplaced) await rename(path, file).catch(unusable(file));
    return count;
  } catch (error) {
    if (isReplaced) await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** A name that nobody else writes to, and no link that was laid there is followed. */
function unfinished(file: string): string {
  return `${file}.${randomUUID()}.unfinished`;
}

function folderInTheWay(file: string): PawlError {
  return new PawlError("FILE_UNUSABLE", `${file} can't be used: it is a folder.`);
}

function unusable(file: string): (error: unknown) => never {
  return (error) => {
    const why = fileTroubleIn(error, file);
    throw why === null ? error : new PawlError("FILE_UNUSABLE", why, { cause: error });
  };
}
