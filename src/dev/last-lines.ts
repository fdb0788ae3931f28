// The end of a log file, for an error message.

import { readFileSync } from "node:fs";
import { z } from "zod";

const LOGGED = z.object({ message: z.string() });

/**
 * As sentences: of lines that are logged what they say, and no stack frames, which would push out the line that
 * says what went wrong.
 */
export function lastLines(path: string, count: number): string {
  const lines = printedSince(path, 0).trimEnd().split("\n");
  const telling = lines.filter((line) => line.trim() !== "" && !/^\s+at |^Node\.js v/.test(line));
  return telling.slice(-count).map(sentenceIn).join("\n");
}

/** Empty where there is no such file. */
export function printedSince(path: string, fromByte: number): string {
  try {
    return readFileSync(path).subarray(fromByte).toString("utf8");
  } catch {
    return "";
  }
}

function sentenceIn(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const logged = LOGGED.safeParse(JSON.parse(line));
    return logged.success ? logged.data.message : line;
  } catch {
    return line;
  }
}
