// What a supervisor says in its log while it starts a stack, read by the command that waits for it.

import { existsSync, readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { isErrorCode, PawlError } from "../domain/errors.ts";
import { lastLines } from "./last-lines.ts";

const LOG_LINE = z.object({ event: z.string(), message: z.string(), code: z.string().optional() });
type LogLine = z.output<typeof LOG_LINE>;

/** Follows the log from its present end. */
export class ProgressReader {
  readonly #path: string;
  #readBytes: number;
  #failure: LogLine | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#readBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Progress lines since the last call. */
  read(): readonly string[] {
    if (!existsSync(this.#path)) return [];
    const fresh = readFileSync(this.#path).subarray(this.#readBytes);
    const whole = fresh.subarray(0, fresh.lastIndexOf("\n") + 1);
    this.#readBytes += whole.length;
    const entries = whole.toString("utf8").split("\n").flatMap(parseLine);
    this.#failure = entries.findLast(({ event }) => event === "stack_failed") ?? this.#failure;
    return entries.filter(({ event }) => event === "stack_progress").map(({ message }) => message);
  }

  failure(): PawlError | undefined {
    this.read();
    if (this.#failure === undefined) return undefined;
    const { code = "", message } = this.#failure;
    return new PawlError(isErrorCode(code) ? code : "BACKEND_UNREACHABLE", message);
  }

  /** Where it said no reason. */
  lastWords(log: string): string {
    return `The local stack did not start. ${log} ends:\n${lastLines(log, 8)}`;
  }
}

function parseLine(line: string): readonly LogLine[] {
  try {
    const parsed = LOG_LINE.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
