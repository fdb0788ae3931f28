// `mkdir -p` with the system's own word where it fails: of a file system that can only be read Node says no more than
// that the folder is not there.

import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { codeOf } from "../domain/error-code.ts";

export function makeFolder(dir: string, mode = 0o777): void {
  try {
    mkdirSync(dir, { recursive: true, mode });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    makeOneByOne(resolve(dir), mode);
  }
}

function makeOneByOne(dir: string, mode: number): void {
  const parent = dirname(dir);
  if (!existsSync(parent)) makeOneByOne(parent, mode);
  mkdirSync(dir, mode);
}
