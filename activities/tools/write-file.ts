// Writes a text file into the run's own folder, and nowhere else. Each step of the way there is opened
// from the one before it and never through a link, so that a swapped folder leads nowhere.

import { constants } from "node:fs";
import { lstat, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { defineTool } from "./define-tool.ts";
import { ToolError, toolErrorOf } from "./tool-error.ts";
import { fileTroubleOf } from "../../src/domain/file-trouble.ts";

const BYTES_MAX = 1024 * 1024;
const PATH_CHARS_MAX = 512;
const NAME_BYTES_MAX = 200;
const DEPTH_MAX = 8;

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export const writeFileTool = defineTool({
  name: "write_file",
  description:
    "Writes a text file into this run's folder, replacing what was there under the same path. " +
    "Returns the path and the number of bytes. Use it only where the user asks for a file.",
  input: z.object({
    path: z
      .string()
      .min(1)
      .max(PATH_CHARS_MAX)
      .describe("Relative path, such as notes.txt or reports/may.md. Folders are made."),
    content: z.string().max(BYTES_MAX).describe("The whole text of the file, at most 1 MiB."),
  }),
  permission: "write",
  effect: "idempotent",
  async execute({ path, content }, { filesDir, signal, onFileTrouble }) {
    const names = namesIn(path);
    if (filesDir === undefined) throw notWritten(names, "no file can be written here");
    // It would be written as another character than the one that was asked for, and approved.
    if (!content.isWellFormed()) throw refused("The text holds half of a surrogate pair.");
    const bytes = Buffer.byteLength(content);
    if (bytes > BYTES_MAX) throw refused(`The text has ${bytes} bytes; ${BYTES_MAX} are possible.`);
    signal.throwIfAborted();
    try {
      await writeUnder(filesDir, names, content);
    } catch (error) {
      if (toolErrorOf(error) !== null) throw error;
      onFileTrouble?.(error);
      throw notWritten(names, fileTroubleOf(error) ?? "something is wrong with the file system");
    }
    return { path: names.join("/"), bytes };
  },
});

/** The steps of a relative path. Whatever could lead out of the folder is refused and not mended. */
function namesIn(path: string): string[] {
  const names = path.split("/");
  if (names[0] === "." && names.length > 1) names.shift();
  if (names.length > DEPTH_MAX) throw refused(`The path has more than ${DEPTH_MAX} steps.`);
  for (const name of names) {
    const isOdd =
      name === "" ||
      name === "." ||
      name === ".." ||
      /[\p{Cc}\p{Cf}\\:]|^\s|[\s.]$/u.test(name) ||
      !name.isWellFormed() ||
      Buffer.byteLength(name) > NAME_BYTES_MAX;
    if (isOdd) throw refused(`The path ${JSON.stringify(path)} is not a plain relative path.`);
  }
  return names;
}

async function writeUnder(root: string, names: readonly string[], content: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const handles = [await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)];
  try {
    let place = placeOf(handles[0], root);
    for (const name of names.slice(0, -1)) {
      const step = join(place, name);
      await mkdir(step, { mode: 0o700 }).catch(unless("EEXIST"));
      const handle = await open(step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(
        (error: unknown) => {
          throw hasCode(error, "ENOTDIR", "ELOOP") ? refused(`${name} is no folder.`) : error;
        },
      );
      handles.push(handle);
      place = placeOf(handle, step);
    }
    await replace(place, names.at(-1) ?? "", content);
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

/** An open folder by its handle, where the system names handles: then no renaming leads elsewhere. */
function placeOf(handle: FileHandle | undefined, path: string): string {
  return process.platform === "linux" && handle !== undefined ? `/proc/self/fd/${handle.fd}` : path;
}

/** All of it or nothing: written beside the place, then moved there in one step. */
async function replace(place: string, name: string, content: string): Promise<void> {
  const target = join(place, name);
  const there = await lstat(target).catch(unless("ENOENT"));
  if (there !== undefined && !there.isFile()) throw refused(`${name} is there, and is no file.`);
  const draft = join(place, `.${randomBytes(8).toString("hex")}.part`);
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(content, "utf8");
    await file.sync();
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(draft, target).catch(async (error: unknown) => {
    await rm(draft, { force: true });
    throw error;
  });
}

/** The file as the model knows it; where that would have been is for the log. Another worker may be better off. */
function notWritten(names: readonly string[], why: string): ToolError {
  return new ToolError(`${names.join("/")} was not written: ${why}.`, {
    suggestion: "Give the text in your answer instead, and say that no file was written.",
    retryable: true,
  });
}

function unless(code: string) {
  return (error: unknown): undefined => {
    if (hasCode(error, code)) return undefined;
    throw error;
  };
}

/** By its shape: an error of another realm is no `Error` here. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    codes.includes(String(error.code))
  );
}

function refused(message: string): ToolError {
  return new ToolError(message, {
    suggestion:
      "Use a plain relative path such as notes.txt, without dots, links or odd characters.",
  });
}
