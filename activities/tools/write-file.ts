// Writes a text file whole: into the run's own folder, or a root that may be written to.

import { z } from "zod";
import { withLock } from "../../src/files/file-lock.ts";
import { inFolder } from "../../src/files/folder.ts";
import { replaceFile } from "../../src/files/replace-file.ts";
import { defineTool } from "./define-tool.ts";
import { atFile, nameIn, type FileWords } from "./file-target.ts";
import { ToolError } from "./tool-error.ts";

const BYTES_MAX = 1024 * 1024;
const PATH_CHARS_MAX = 512;

const WORDS: FileWords = {
  use: "write",
  done: "written",
  otherwise: "Give the text in your answer instead, and say that no file was written.",
};

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
  async execute({ path, content }, context) {
    return await atFile(path, context, WORDS, async (target) => {
      const [names, name] = nameIn(target);
      const bytes = bytesOf(content);
      const { signal } = context;
      await inFolder(target.place, { names, makes: true }, (folder) =>
        withLock(folder, { name, signal }, () => replaceFile(folder, { name, content })),
      );
      return { path: target.path, bytes };
    });
  },
});

function bytesOf(content: string): number {
  // It would be written as another character than the one that was asked for, and approved.
  if (!content.isWellFormed()) {
    throw new ToolError("The text holds half of a surrogate pair.", {
      suggestion: "Write the character whole, or leave it out.",
    });
  }
  const bytes = Buffer.byteLength(content);
  if (bytes <= BYTES_MAX) return bytes;
  throw new ToolError(`The text has ${bytes} bytes; ${BYTES_MAX} are possible.`, {
    suggestion: "Write it as several files.",
  });
}
