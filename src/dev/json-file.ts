// Small state files: written whole or not at all. A broken one counts as absent, and so does one that somebody
// else wrote: by what stands in these files processes are ended.

import { randomUUID } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import type { z } from "zod";
import { readOwnFile } from "./private-file.ts";

export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readOwnFile(path)));
  } catch {
    return undefined;
  }
}

/** Readable by its owner alone. */
export function writeJsonFile(path: string, value: unknown): void {
  const temporary = `${path}.${randomUUID()}`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
}
