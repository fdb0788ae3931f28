// Reads lines of a text file. A model sees some 48 KiB at a time, and is told where to read on.

import { z } from "zod";
import { inFile, inFolder } from "../../src/files/folder.ts";
import { readLines, type LinesRead, type Wanted } from "../../src/files/read-lines.ts";
import { defineTool } from "./define-tool.ts";
import { atFile, nameIn, type FileWords } from "./file-target.ts";
import { ToolError } from "./tool-error.ts";

const KIB = 1024;
const MIB = KIB * KIB;
const PATH_CHARS_MAX = 512;
const LINES_MAX = 100_000_000;

const BOUNDS = {
  bytesMax: 48 * KIB,
  // What a model does not see of it is kept, and read on with read_result.
  lineBytesMax: MIB,
  scanBytesMax: 256 * MIB,
  countBytesMax: 8 * MIB,
};

const WORDS: FileWords = {
  use: "read",
  done: "read",
  otherwise: "list_files says what there is. Go on without the file where it is not to be had.",
};

export const readFileTool = defineTool({
  name: "read_file",
  description:
    "Reads a text file of this run's folder. Returns its lines, up to 48 KiB at a time, and says at the end " +
    "in brackets which lines those are and where to read on.",
  input: z.object({
    path: z
      .string()
      .min(1)
      .max(PATH_CHARS_MAX)
      .describe("Relative path, such as notes.txt or reports/may.md."),
    from: z.number().int().min(1).max(LINES_MAX).default(1).describe("First line. Default 1."),
    lines: z
      .number()
      .int()
      .min(1)
      .max(LINES_MAX)
      .optional()
      .describe("How many lines. Default: as many as fit."),
  }),
  permission: "read",
  effect: "pure",
  async execute({ path: named, from, lines = LINES_MAX }, context) {
    const wanted = { ...BOUNDS, from, lines, signal: context.signal };
    return await atFile(named, context, WORDS, async (target) => {
      const [names, name] = nameIn(target);
      const { read, size } = await inFolder(
        target.place,
        { names, makes: false },
        async (folder) =>
          await inFile(folder, name, async ({ handle, stats }) => ({
            read: await readLines(handle, wanted),
            size: stats.size,
          })),
      );
      return told(target.path, { read, size, wanted });
    });
  },
});

interface Found {
  readonly read: LinesRead;
  readonly size: bigint;
  readonly wanted: Wanted;
}

function told(path: string, { read, size, wanted }: Found): string {
  const { from, scanBytesMax } = wanted;
  if (read.kind === "binary") {
    const what = read.isUtf16 ? "UTF-16" : "binary data";
    throw new ToolError(`${path} holds ${what} (${size} bytes), and only UTF-8 text can be read.`, {
      suggestion: "Work with another form of the file, or say that it can't be read.",
    });
  }
  if (read.kind === "too_far") {
    throw new ToolError(
      `Line ${from} of ${path} is not among its first ${read.linesSeen} lines, and no more than ${scanBytesMax} bytes are looked at.`,
      { suggestion: "Read lines nearer to the beginning." },
    );
  }
  const hasCrLf = read.text.includes("\r\n");
  const text = hasCrLf ? read.text.replaceAll("\r\n", "\n") : read.text;
  const note = noteOf(path, read, { from, hasCrLf });
  if (note === null) return text;
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}[${note}]`;
}

/** Null where the whole file was read, and there is nothing odd about it. */
function noteOf(
  path: string,
  { to, linesInAll, isLineCut, isUtf8 }: LinesRead & { kind: "text" },
  { from, hasCrLf }: { readonly from: number; readonly hasCrLf: boolean },
): string | null {
  if (linesInAll === 0) return "the file is empty";
  if (to < from) return `nothing at line ${from}: the file has ${linesInAll} lines`;
  const isEnd = linesInAll === to && !isLineCut;
  const odd = [
    ...(isLineCut ? [`line ${to} goes on, and can't be read to its end`] : []),
    ...(hasCrLf ? ["its lines end with CRLF, which edit_file keeps"] : []),
    ...(isUtf8 ? [] : ["not all of it is UTF-8: � stands for what can't be read"]),
  ];
  if (isEnd && from === 1 && odd.length === 0) return null;
  const lines = `lines ${from} to ${to}${linesInAll === null ? "" : ` of ${linesInAll}`}`;
  const next = JSON.stringify({ path, from: to + 1 });
  return [lines, ...odd, isEnd ? "the end" : `read on with ${next}`].join("; ");
}
