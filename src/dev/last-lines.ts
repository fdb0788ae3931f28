// The end of a log file, for an error message.

import { readFileSync } from "node:fs";

/** Without stack frames, which would push out the line that says what went wrong. */
export function lastLines(path: string, count: number): string {
  try {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const telling = lines.filter((line) => line.trim() !== "" && !/^\s+at |^Node\.js v/.test(line));
    return telling.slice(-count).join("\n");
  } catch {
    return "";
  }
}
