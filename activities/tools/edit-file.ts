// Changes one place of a text file. The place is named by its text, which must be there exactly once, so that
// nothing else is changed than what the model saw and a person approved. Calls that change one file at the same
// time come after one another, in whatever processes they are.

import { z } from "zod";
import { editText, isStillToDo, type Edited } from "../../src/domain/edit-text.ts";
import { withLock, type Lock } from "../../src/files/file-lock.ts";
import { inFile, inFolder, type Folder } from "../../src/files/folder.ts";
import { replaceFile } from "../../src/files/replace-file.ts";
import { defineTool } from "./define-tool.ts";
import { atFile, nameIn, type FileTarget, type FileWords } from "./file-target.ts";
import { ToolError } from "./tool-error.ts";

const MIB = 1024 * 1024;
const FILE_BYTES_MAX = 8 * MIB;
const PATH_CHARS_MAX = 512;

const WORDS: FileWords = {
  use: "write",
  done: "edited",
  otherwise: "Give the change in your answer instead, and say that the file is as it was.",
};

export const editFileTool = defineTool({
  name: "edit_file",
  description:
    "Replaces a piece of a text file of this run's folder. The piece must be in the file exactly once: give as " +
    "many lines around the change as that takes. Returns the path, the line of the change and the new size.",
  input: z.object({
    path: z.string().min(1).max(PATH_CHARS_MAX).describe("Relative path of a file that is there."),
    find: z.string().min(1).max(MIB).describe("The text to replace, exactly as it is in the file."),
    replace: z.string().max(MIB).describe('What takes its place; "" takes it out.'),
  }),
  permission: "write",
  effect: "verifiable",
  attemptsMax: 3,
  async execute({ path, find, replace }, context) {
    refuseVoid(find, replace);
    return await atFile(path, context, WORDS, async (target) => {
      const [names, name] = nameIn(target);
      return await inFolder(target.place, { names, makes: false }, (folder) =>
        withLock(folder, { name, signal: context.signal }, async (lock) => {
          const text = await textOf(folder, name, target);
          const { text: changed, line } = edited(editText(text, { find, replace }), target);
          const bytes = Buffer.byteLength(changed);
          refuseLarge(target, bytes);
          const beforeMove = () => stillOurs(lock, context.signal);
          await replaceFile(folder, { name, content: changed, beforeMove });
          return { path: target.path, line, bytes };
        }),
      );
    });
  },
  async verify({ path, find, replace }, context) {
    return await atFile(path, context, WORDS, async (target) => {
      const [names, name] = nameIn(target);
      const text = await inFolder(target.place, { names, makes: false }, (folder) =>
        textOf(folder, name, target),
      );
      return isStillToDo(text, { find, replace }) ? { kind: "absent" } : { kind: "unknown" };
    });
  },
});

function refuseVoid(find: string, replace: string): void {
  if (find === replace) {
    throw new ToolError("What is to be found and what takes its place are the same.", {
      suggestion: "Say what is to change.",
    });
  }
  // It would be written as another character than the one that was asked for, and approved.
  if (!find.isWellFormed() || !replace.isWellFormed()) {
    throw new ToolError("The text holds half of a surrogate pair.", {
      suggestion: "Write the character whole, or leave it out.",
    });
  }
}

async function textOf(folder: Folder, name: string, target: FileTarget): Promise<string> {
  return await inFile(folder, name, async ({ handle, stats }) => {
    refuseLarge(target, Number(stats.size));
    const bytes = await handle.readFile();
    refuseLarge(target, bytes.length);
    if (bytes.includes(0)) throw noText(`${target.path} holds binary data, and no text.`);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw noText(`${target.path} is not UTF-8: an edit would change other places too.`);
    }
  });
}

function refuseLarge({ path }: FileTarget, bytes: number): void {
  if (bytes <= FILE_BYTES_MAX) return;
  throw noText(`${path} has or would have ${bytes} bytes; ${FILE_BYTES_MAX} are possible.`);
}

function noText(message: string): ToolError {
  return new ToolError(message, { suggestion: WORDS.otherwise });
}

async function stillOurs(lock: Lock, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!(await lock.isHeld())) throw new Error("another worker took the lock of the file");
}

function edited(found: Edited, { path }: FileTarget): Extract<Edited, { kind: "edited" }> {
  if (found.kind === "edited") return found;
  if (found.kind === "absent") {
    const near = found.near.length === 0 ? "" : ` Its first line is in ${lineWords(found.near)}.`;
    throw new ToolError(`The text to find is not in ${path}.${near}`, {
      suggestion: "Read the file, and give the text exactly as it is there.",
    });
  }
  const times = found.isMore ? `more than ${found.lines.length}` : String(found.lines.length);
  throw new ToolError(
    `The text to find is ${times} times in ${path}: in ${lineWords([...new Set(found.lines)])}.`,
    { suggestion: "Give more of the lines around it, so that it is there once." },
  );
}

function lineWords(lines: readonly number[]): string {
  return `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}`;
}
